"""What `dmypy` says about a file that was edited, while it runs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patience import LONG, PATIENCE

CONFIG = "[mypy]\nplugins = graflow_mypy\n"
MAKE = """
from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("KEY", 1)
"""
USE = """
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("KEY")
    reveal_type(ctx.get_result("load"))
"""


@pytest.fixture
def check(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """A function that asks the daemon about the package `app`; the daemon ends with the test."""
    (tmp_path / "mypy.ini").write_text(CONFIG)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").touch()
    dmypy = [sys.executable, "-m", "mypy.dmypy", "--status-file", "status"]

    def ask(*command: str) -> str:
        done = subprocess.run(
            [*dmypy, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    def check() -> str:
        until = time.monotonic() + PATIENCE
        while True:  # `dmypy` gives its daemon five seconds to start
            said = ask("run", "--timeout", str(LONG), "--", "app")
            if "Timed out waiting for daemon" not in said or time.monotonic() > until:
                return said

    try:
        yield check
    finally:
        ask("kill")


def test_an_edited_file_is_judged_by_the_present_program(
    tmp_path: Path, check: Callable[[], str]
) -> None:
    """Edits of the file itself, and others made meanwhile, are seen where it is checked again."""
    make, use = tmp_path / "app/make.py", tmp_path / "app/use.py"
    make.write_text(MAKE.replace("KEY", "user"))
    use.write_text(USE.replace("KEY", "user"))
    said = check()
    assert "error" not in said
    assert 'Revealed type is "int"' in said.replace("builtins.", "")
    use.write_text(USE.replace("KEY", "usre"))
    assert 'did you mean "user"?' in check()
    make.write_text(MAKE.replace("KEY", "usre"))
    use.write_text(USE.replace("KEY", "usre") + "\n# edited\n")
    assert "error" not in check()


def test_what_goes_unjudged_is_said_run_after_run(tmp_path: Path, check: Callable[[], str]) -> None:
    """The note stays, whatever is edited, until its cause is gone."""
    make, use = tmp_path / "app/make.py", tmp_path / "app/use.py"
    make.write_text(MAKE.replace('"KEY"', "str(ctx)"))
    use.write_text(USE.replace("KEY", "user"))
    note = (
        'note: graflow: unknown keys are not judged: app/make.py:9 computes a key, perhaps "user"'
    )
    assert note in check()
    assert note in check()
    use.write_text(USE.replace("KEY", "user") + "\n# edited\n")
    assert note in check()
    make.write_text(MAKE.replace("KEY", "user"))
    use.write_text(USE.replace("KEY", "user"))
    assert "not judged" not in check()


def test_a_new_file_is_judged(tmp_path: Path, check: Callable[[], str]) -> None:
    """A file that comes while the daemon runs belongs to the program at once."""
    (tmp_path / "app/make.py").write_text(MAKE.replace("KEY", "user"))
    assert "error" not in check()
    (tmp_path / "app/use.py").write_text(USE.replace("KEY", "usre"))
    said = check()
    assert 'did you mean "user"?' in said
    assert 'Revealed type is "int"' in said.replace("builtins.", "")
