"""Files that the plugin can't read or parse: it says so, judges the rest, and always ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.mypy_plugin.runs import Runner

MAIN = """
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("count", "one")

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("conut")
    ctx.get_typed_channel(int).get("count")
"""

WRITER = "from graflow import TaskExecutionContext as C\ndef make(ctx: C) -> None:\n    "
WRITES = 'ctx.get_channel().set("conut", 1)\n'
# Newer than every Python that graflow runs on; mypy's own parser knows it.
NEWER = "try: ...\nexcept ValueError, TypeError: ...\n"


def dangling(path: Path) -> None:
    """Make a link to nothing."""
    path.symlink_to("nowhere")


def loop(path: Path) -> None:
    """Make a link to itself."""
    path.symlink_to(path.name)


def listening(path: Path) -> None:
    """Make a socket."""
    with closing(socket.socket(socket.AF_UNIX)) as server:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket must be short
        try:
            server.bind(path.name)
        finally:
            os.chdir(here)


def huge(path: Path) -> None:
    """Make a file that is large, and takes no room."""
    path.write_text(WRITES)
    os.truncate(path, 20_000_000_000)


def failing(path: Path) -> None:
    """Make a link to a file whose beginning can't be read."""
    path.symlink_to("/proc/self/mem")


def written(source: bytes) -> Callable[[Path], object]:
    """Return what writes a file."""
    return lambda path: path.write_bytes(source)


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a dangling link": (dangling, "No such file or directory"),
    "a link to itself": (loop, "Too many levels of symbolic links"),
    "a pipe": (os.mkfifo, "it is not a regular file"),
    "a socket": (listening, "No such device or address"),
    "a huge file": (huge, "it has more than 16 MB"),
    "a file that fails": (failing, "Input/output error"),
    "a null byte": (written(WRITES.encode() + b"x = '\0'\n"), "null bytes"),
    "a wrong encoding": (written(WRITES.encode() + b"x = '\xe9'\n"), "can't decode byte"),
    "an unknown encoding": (written(b"# coding: klingon\n" + WRITES.encode()), "klingon"),
    "newer syntax": (written((WRITES + NEWER).encode()), "multiple exception types"),
    "deep nesting": (written(f"{WRITES}x = {'-' * 60_000}1\n".encode()), "nested too deeply"),
    "a long chain": (written(f"{WRITES}x = f{'.set(1, 2)' * 60_000}\n".encode()), "too deeply"),
}

READABLE: dict[str, bytes] = {
    "a byte order mark": b"\xef\xbb\xbf",
    "an encoding of its own": b"# coding: latin-1\nx = '\xe9'\n",
    "a form feed": b"\f\n",
    "a long sum": b"x = " + b" + ".join([b"'a'"] * 1_500) + b"\n",
}


@pytest.fixture
def program(tmp_path: Path, primed: Path) -> Runner:
    """A program whose folder `scripts` the plugin scans, and mypy does not check."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").touch()
    (tmp_path / "app/main.py").write_text(MAIN)
    (tmp_path / "scripts").mkdir()
    return Runner(tmp_path, "", primed)


def unwritten(said: list[str]) -> str:
    """Return what is said of the key that `MAIN` reads; that its types differ always is."""
    start = "app/main.py:{}: error: Channel key "
    differing = [line for line in said if line.endswith("[graflow-key-type]")]
    assert [line.partition('"')[0] for line in differing] == [start.format(5), start.format(9)]
    others = [line for line in said if line not in {*differing, "exit 1"} and "Found" not in line]
    assert len(others) < 2, others
    return "".join(others)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_can_not_be_read_is_named_and_the_rest_is_judged(
    kind: str, tmp_path: Path, program: Runner
) -> None:
    """It may write the key; so says the diagnostic. Run after run it is the same."""
    make, reason = UNREADABLE[kind]
    make(tmp_path / "scripts/odd.py")
    cold = program.cold()
    said = unwritten(cold)
    assert 'is read but never written, unless in "scripts/odd.py", which can\'t be read (' in said
    assert reason in said
    assert said.endswith('; did you mean "count"?  [graflow-unread]')
    assert program.again() == cold


def test_several_files_are_counted(tmp_path: Path, program: Runner) -> None:
    """The first of them is named."""
    for name in "abc":
        dangling(tmp_path / f"scripts/{name}.py")
    said = unwritten(program.cold())
    assert '"scripts/a.py", which can\'t be read (No such file or directory), and 2 more' in said


def test_a_file_that_can_be_read_again_is(tmp_path: Path, program: Runner) -> None:
    """What a link lacked comes, and what was there goes, with a warm cache as without one."""
    dangling(tmp_path / "scripts/odd.py")
    assert "[graflow-unread]" in unwritten(program.cold())
    (tmp_path / "scripts/nowhere").write_text("")
    assert "[graflow-key-unknown]" in unwritten(program.again())
    (tmp_path / "scripts/nowhere").unlink()
    assert "[graflow-unread]" in unwritten(program.again())


@pytest.mark.parametrize("kind", READABLE)
def test_a_file_that_python_reads_is_read(kind: str, tmp_path: Path, program: Runner) -> None:
    """What it writes is known."""
    (tmp_path / "scripts/odd.py").write_bytes(READABLE[kind] + (WRITER + WRITES).encode())
    assert not unwritten(program.cold())


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_lines_may_end_as_elsewhere(end: str, tmp_path: Path, program: Runner) -> None:
    """What a file does is seen below any number of lines."""
    (tmp_path / "scripts/odd.py").write_bytes((WRITER + WRITES).replace("\n", end).encode())
    assert not unwritten(program.cold())


def test_a_file_without_keys_hides_none(tmp_path: Path, program: Runner) -> None:
    """Its text tells, though it can't be parsed."""
    (tmp_path / "scripts/odd.py").write_text("def (:\n")
    assert unwritten(program.cold()).endswith("[graflow-key-unknown]")


def test_links_that_lead_back_are_not_followed(tmp_path: Path, program: Runner) -> None:
    """Two of them give a trillion paths."""
    scripts = tmp_path / "scripts"
    (scripts / "self").symlink_to(".")
    (scripts / "up").symlink_to("..")
    for here, there in ("ab", "ba"):
        (scripts / here).mkdir()
        for number in range(2):
            (scripts / here / f"to_{there}{number}").symlink_to(f"../{there}")
    assert unwritten(program.cold()).endswith("[graflow-key-unknown]")


def test_a_key_that_can_not_be_printed_is_reported(tmp_path: Path, program: Runner) -> None:
    """Half of a pair of surrogates, which mypy would stumble over."""
    (tmp_path / "app/main.py").write_text(MAIN.replace("conut", r"\ud800"))
    assert r'"\ud800" is read but never written' in unwritten(program.cold())


def test_newer_syntax_is_reported_where_it_stands(tmp_path: Path) -> None:
    """And where a key or a schema comes from it; a mypy that can't parse it either says so."""
    program = Runner(tmp_path)
    settings = (tmp_path / "mypy.ini").read_text()
    (tmp_path / "mypy.ini").write_text(settings.replace("]\n", "]\npython_version = 3.14\n", 1))
    models = f"from typing import TypedDict\nclass User(TypedDict):\n    name: str\n{NEWER}"
    asks = "from app.models import User as Person\n\ndef ask(ctx: TaskExecutionContext) -> None:\n"
    asks += "    ctx.get_typed_channel(Person)\n"
    (tmp_path / "app").mkdir()
    for name, source in (
        ("__init__", ""),
        ("main", MAIN + asks),
        ("models", models),
        ("writer", WRITER + WRITES + NEWER),
    ):
        (tmp_path / f"app/{name}.py").write_text(source)
    said = [line for line in program.again() if ": error: " in line]
    if any("[syntax]" in line for line in said):
        return
    schema, set_, get, differs, writer = said  # sorted as text is
    start = 'app/main.py:13: error: Schema "Person" is unknown, as "app/models.py" can\'t be read'
    assert schema.startswith(start)
    assert 'unless in "app/writer.py", which can\'t be read (Python 3.' in get
    assert all(line.endswith("[graflow-key-type]") for line in (set_, differs))
    unknown = (
        "app/writer.py:5: error: What this file does with keys and tasks is unknown: Python 3."
    )
    assert writer.startswith(unknown)
