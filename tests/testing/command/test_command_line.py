"""The command: what it shows of a factory's channels, and how it ends."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from graflow.testing.checks import CHECKS
from graflow.testing.command.display import FindingsDisplay
from graflow.testing.command.targets import BadTarget, target_of
from graflow.testing.report import Finding, Result
from tests.paths import ROOT
from tests.servers.server import wait_until
from tests.testing.command.commands import command

BROKEN = "tests.testing.targets:broken"


def test_a_factory_of_broken_channels_is_tried() -> None:
    """What is broken is shown, with how much was tried, and the status is 1."""
    ran = command(BROKEN, "--seed", "1", "--quick")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert f"{len(CHECKS)} checks, with --seed 1" in ran.stdout
    assert "a.set('key', 2)" in ran.stdout
    assert "    ttl: set without a ttl makes a key last\n" in ran.stdout
    assert "\ntried: " in ran.stdout
    assert " 0 operations" not in ran.stdout
    assert " 0 interleavings" not in ran.stdout
    assert ran.stderr == ""


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("no_harness", "gives a int, not a Harness"),
        ("nothing", "tests.testing.targets:nothing can't be imported: AttributeError"),
        ("failing", "tests.testing.targets:failing raised OSError: no disk"),
        ("BROKEN_CHANNELS", "can't be imported"),
        ("__name__", "is a str, not a function"),
        ("unopened", "`open` of its harness raised FileNotFoundError"),
        ("of_strings", "`open` of its harness gives a str, not a Channel"),
        ("immodest", "promise it with Capabilities(durable=True)"),
    ],
)
def test_a_factory_that_can_not_be_tried(target: str, reason: str) -> None:
    """A sentence says why."""
    with pytest.raises(BadTarget) as caught:  # noqa: SIM117 - either may raise
        with target_of(f"tests.testing.targets:{target}").harness:
            pass
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def factory(:", "SyntaxError: invalid syntax"),
        ("import graflow.nothing", "ModuleNotFoundError: No module named 'graflow.nothing'"),
        ("import sys; sys.exit('not here')", "SystemExit: not here"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_module_that_can_not_be_imported(tmp_path: Path, source: str, reason: str) -> None:
    """One sentence says why, and no traceback is shown."""
    (tmp_path / "theirs.py").write_text(source)
    refused(command("theirs:factory", cwd=tmp_path), f"theirs:factory can't be imported: {reason}")


def test_a_target_that_is_neither() -> None:
    """Neither a URL nor a factory, or a factory that gives nothing to try."""
    refused(command("nonsense"), "is neither the URL of a server")
    refused(command("tests.testing.targets:no_harness"), "gives a int, not a Harness")


def refused(ran: subprocess.CompletedProcess[str], reason: str) -> None:
    """Require that the command has tried nothing, and says why in one sentence."""
    assert ran.returncode == 2, ran.stdout + ran.stderr
    last = ran.stdout.splitlines()[-1]
    assert last.startswith("Nothing was tried: ")
    assert reason in last
    assert ran.stderr == ""


@pytest.mark.parametrize("library", ["hypothesis", "rich", "typer"])
def test_a_library_that_is_missing(library: str) -> None:
    """One sentence with the way to get it, and the status that says that nothing was tried."""
    code = "import runpy; runpy.run_module('graflow.testing', run_name='__main__')"
    program = f"import sys; sys.modules[{library!r}] = None; {code}"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2, ran.stderr
    advice = f"which is not installed: pip install {library}"
    assert ran.stderr.startswith(f"python -m graflow.testing needs {library}, {advice}, or ")
    assert ran.stderr.count("\n") == 1
    assert ran.stdout == ""


def test_ctrl_c_shows_what_was_found_so_far() -> None:
    """Findings, the table and how much is missing; the status is that of shells."""
    ran = command("tests.testing.targets:interrupted", "--examples", "1")
    assert ran.returncode == 130, ran.stdout + ran.stderr
    assert "# the contract: it returns None" in ran.stdout
    assert f"of {len(CHECKS)} checks did not run" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("Interrupted in the check ")
    assert "Traceback" not in ran.stdout + ran.stderr


def test_the_end_of_the_store_ends_the_run() -> None:
    """At the first error that says so; what was found before is shown."""
    ran = command("tests.testing.targets:vanishing", "--examples", "1")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "# the contract: it returns None" in ran.stdout
    assert f"of {len(CHECKS)} checks did not run" in ran.stdout
    last = ran.stdout.splitlines()[-1]
    assert last.startswith("Stopped: the store can't be reached any more since the check ")
    assert last.endswith(": the store is down.")
    assert "Traceback" not in ran.stdout + ran.stderr


def test_a_factory_that_fails_at_the_end() -> None:
    """What was found is shown all the same."""
    ran = command("tests.testing.targets:untidy", "--examples", "1")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "# the contract: it returns None" in ran.stdout
    told = "At the end tests.testing.targets:untidy raised OSError: can't unmount"
    assert ran.stdout.splitlines()[-1] == told
    assert ran.stderr == ""


@pytest.mark.parametrize("encoding", ["utf-8", pytest.param("ascii", marks=pytest.mark.thorough)])
def test_a_script_can_be_pasted_from_the_output(encoding: str) -> None:
    """Nothing in it is taken for markup or an emoji, or broken into lines."""
    target = "tests.testing.targets:factory"
    ran = command(target, "--examples", "1", COLUMNS="60", PYTHONIOENCODING=encoding)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert f"Trying {target}: " in ran.stdout
    before, _, after = ran.stdout.partition("\n# it returned ")
    code = before[before.rindex("\nimport collections") :]
    *steps, last = code.strip().splitlines()
    mark = "assert marks.startswith(':smile: [bold] [/bold] long') and len(marks) > 300"
    program = "\n".join([*steps, mark, f"print(repr({last}))"])
    pasted = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert pasted.stdout.strip() == after.partition("\n")[0], pasted.stderr


def test_without_a_terminal_lines_say_how_far_it_is() -> None:
    """With the number of broken checks and the check that is under way."""
    written = io.StringIO()
    broken = Finding("mine", "ttl", "ttl: one", Result.BROKEN, "this is broken", cause="it")
    with FindingsDisplay(Console(file=written, soft_wrap=True), len(CHECKS), every=0.01) as display:
        display.begin(CHECKS[0])
        display.add(broken)
        display.add(Finding("mine", "ttl", "ttl: two", Result.BROKEN, "and this", cause="it"))
        line = f"s, 2 broken, now {CHECKS[0]}\n"
        wait_until("a line has both", lambda: line in written.getvalue())
    assert f"\n2 of {len(CHECKS)} checks in " in written.getvalue()
    assert "this is broken\n" in written.getvalue()
    assert "and this" not in written.getvalue()
    assert display.shown == [broken]


def test_a_terminal_shows_a_bar_with_the_broken_ones() -> None:
    """And no lines in between."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    with FindingsDisplay(console, len(CHECKS), every=0.001) as display:
        display.begin(CHECKS[0])
        display.add(Finding("mine", "ttl", "ttl: one", Result.BROKEN, "this is broken"))
    assert "1 broken" in written.getvalue()
    assert f"1/{len(CHECKS)}" in written.getvalue()
    assert " checks in " not in written.getvalue()
