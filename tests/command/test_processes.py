"""The command as processes: pipes, signals, terminals, and what it imports."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.command.commands import COMMAND, Place, environment, graflow, on_terminal, start
from tests.paths import ROOT


def piped(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which `graflow` is the command."""
    function = f'graflow() {{ {shlex.join(COMMAND)} "$@"; }}\nset -o pipefail\n'
    return subprocess.run(
        ["bash", "-c", function + line],
        env=environment(**variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_whoever_reads_may_stop(file: Place) -> None:
    """The command then ends as other programs do, and says nothing."""
    file.open("orders").set_many({f"key:{number:06}": number for number in range(30_000)})
    done = piped(f"graflow keys {file.url} orders | head -1")
    assert (done.stdout, done.stderr) == ("key:000000\n", "")
    assert done.returncode == 141


def test_output_that_can_not_be_written_is_said_in_a_sentence(file: Place) -> None:
    """With status 2, as nothing came of it."""
    file.open("orders").set("a", 1)
    done = piped(f"graflow get {file.url} orders a >/dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith("graflow: ")
    assert done.stderr.count("\n") == 1


def test_streams_may_be_closed(file: Place) -> None:
    """Then what would be written goes nowhere, and there is nothing to read."""
    orders = file.open("orders")
    orders.set("a", 1)
    for line, status in {
        "get {} orders a >&-": 0,
        "set {} orders b 2 >&- <&- 2>&-": 0,
        "get {} orders none >&-": 1,
        "set {} orders b - <&-": 2,
    }.items():
        done = piped(f"graflow {line.format(file.url)}")
        assert (done.returncode, done.stdout) == (status, "")
        assert "Traceback" not in done.stderr
    assert orders.get("b") == 2


def test_keys_go_through_pipes(file: Place) -> None:
    """Each is a line; a value is what set takes."""
    file.open("orders").set_many({"a": [1, "x"], "b": 2})
    line = "graflow keys {0} orders | sort | while read k; do graflow get {0} orders $k; done"
    assert piped(line.format(file.url)).stdout == '[1, "x"]\n2\n'
    done = piped(f"graflow get {file.url} orders a | graflow set {file.url} copies a -")
    assert done.returncode == 0, done.stderr
    assert file.open("copies").get("a") == [1, "x"]


def test_a_watch_tells_changes_until_it_is_interrupted(place: Place) -> None:
    """A line for each at once, also through a pipe; then the status is 130."""
    channel = place.open("orders")
    channel.set("old", 1)
    with start("watch", place.url, "orders", "--json", "--values") as watching:
        assert watching.stdout is not None
        wakes_up = 0
        line = ""
        while not line:  # it may not watch yet
            channel.set("a", wakes_up)
            wakes_up += 1
            line = _line_within(watching, 0.5)
        first = json.loads(line)
        assert (first["key"], first["kind"]) == ("a", "set")
        channel.delete("a")
        while (told := json.loads(watching.stdout.readline()))["kind"] != "deleted":
            assert told["key"] == "a"
        assert (told["key"], told["etag"], told["value"]) == ("a", None, None)
        watching.send_signal(signal.SIGINT)
        rest, err = watching.communicate()
        assert (rest, err, watching.returncode) == ("", "", 130)


def _line_within(process: subprocess.Popen[str], seconds: float) -> str:
    """Return the next line that a process writes, if it comes in time."""
    import select  # noqa: PLC0415

    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return process.stdout.readline() if ready else ""


def test_on_a_terminal_there_are_colours_and_tables(file: Place) -> None:
    """But not where the reader does not want colours."""
    file.open("orders").set_many({"a": {"name": "tea", "count": 2}, "\x1b[31m": 1})
    seen = on_terminal("get", file.url, "orders", "a")
    assert '\x1b[1;34m"name"\x1b[0m' in seen.out
    seen = on_terminal("stats", file.url, "orders")
    assert "─────" in seen.out
    seen = on_terminal("keys", file.url, "orders")
    assert sorted(seen.out.splitlines()) == ['"\\u001b[31m"', "a"]


def test_commands_are_found_and_explained() -> None:
    """By the help of each, which has an example."""
    text = graflow("--help").out
    for name in (
        "channels", "keys", "get", "set", "delete", "watch", "ttl", "stats", "runs", "show",
        "graph", "ui", "check", "doctor",
    ):  # fmt: skip
        assert name in text
        found = graflow(name, "--help")
        assert found.status == 0
        assert "Example" in found.out, name
    assert graflow("--version").out.startswith("graflow ")
    assert graflow().status == 2
    assert graflow("nothing").status == 2
    assert graflow("keys").status == 2


@pytest.mark.parametrize("name", ["", "set", "show", "ui", "watch"])
def test_help_fills_the_lines_of_a_narrow_terminal(name: str) -> None:
    """No line of a paragraph ends before the next word has no room on it."""
    text = graflow(*filter(None, [name]), "--help", COLUMNS="80", TERMINAL_WIDTH="80").out
    lines = [line.strip() for line in text.partition("\u256d")[0].splitlines()]
    for line, after in pairwise(lines):
        if line and after:
            assert len(line) + 1 + len(after.split()[0]) > 76, (line, after)


def test_shells_complete_it() -> None:
    """Its commands, as typer has it."""
    done = subprocess.run(
        COMMAND,
        env=environment(_GRAFLOW_COMPLETE="complete_bash", COMP_WORDS="graflow ke", COMP_CWORD="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["keys"]


def test_it_imports_what_it_needs() -> None:
    """Nothing of tests, checkers or retries, and no redis-py for a file."""
    code = """
import sys
from itertools import pairwise
from graflow.command import command_line
slow = {"hypothesis", "mypy", "pytest", "tenacity", "distributed", "cloudpickle", "rich.table",
        "redis", "sqlite3", "importlib.metadata"}
print(sorted(slow & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_without_its_libraries_it_says_how_to_install_them(tmp_path: Path) -> None:
    """In one sentence on standard error, with status 2."""
    hidden = tmp_path / "typer.py"
    hidden.write_text("raise ModuleNotFoundError('No module named typer', name='typer')\n")
    done = subprocess.run(
        [*COMMAND, "--help"],
        env={**environment(), "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "the command graflow needs typer, which is not installed: pip install typer, or install "
        "graflow with its extra 'cli'\n"
    )
