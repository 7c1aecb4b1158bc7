"""The note on what goes unjudged, from run to run of mypy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mypy_plugin.runs import MODES, Runner

MAKE = """
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
"""
USE = """
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("whatever")
"""
NOTE = (
    "app/use.py:5: note: graflow: unknown keys are not judged: "
    'app/make.py:{line} computes a key, perhaps "whatever"'
)
ERROR = 'app/use.py:5: error: Channel key "whatever" is read but never written'


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A program in which one key is computed, and another is read that nobody writes."""
    folder = tmp_path / "app"
    folder.mkdir()
    for name, source in (("__init__", ""), ("make", MAKE), ("use", USE)):
        (folder / f"{name}.py").write_text(source)
    return folder


@pytest.mark.parametrize("mode", MODES)
def test_a_cached_run_has_the_same_note(mode: str, app: Path, primed: Path) -> None:
    """The note is there run after run, says where the line is now, and goes with its cause."""
    program = Runner(app.parent, "", primed)
    assert program.warm(mode) == program.warm(mode) == program.cold()
    assert NOTE.format(line=5) in program.warm(mode)
    (app / "make.py").write_text("\n\n" + MAKE)
    assert NOTE.format(line=7) in program.warm(mode)
    (app / "make.py").write_text("")
    said = program.warm(mode)
    assert any(line.startswith(ERROR) for line in said)
    assert not any("not judged" in line for line in said)


def test_a_note_is_no_failure(app: Path, primed: Path) -> None:
    """Mypy ends with 0, unless an option asks for an error."""
    assert Runner(app.parent, "", primed).cold()[0] == "exit 0"
    said = Runner(app.parent, "graflow-unjudged = error", primed).cold()
    assert said[0] == "exit 1"
    assert any(line.endswith("[graflow-unjudged]") for line in said)


def test_an_option_that_changes_is_seen_with_a_cache(app: Path, primed: Path) -> None:
    """A note becomes an error, and nothing, and a note again."""
    first = Runner(app.parent, "", primed).warm("database")
    said: list[str] = []
    for level, status in (("error", "exit 1"), ("off", "exit 0"), ("note", "exit 0")):
        said = Runner(app.parent, f"graflow-unjudged = {level}", primed).warm("database")
        assert said[0] == status
        assert any("not judged" in line for line in said) == (level != "off")
    assert said == first
