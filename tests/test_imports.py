"""Imports between the rooms of the library: the table of docs/architecture.md, held to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import graflow
from tests.paths import ROOT

PACKAGE = Path(graflow.__file__).parent
PAGE = ROOT / "docs/architecture.md"
TABLE = {
    room: frozenset(re.findall(r"`([\w.]+)`", allowed))
    for room, allowed in re.findall(
        r"^\| `([\w.]+)` \| .*? \| (.*) \|$", PAGE.read_text(), re.MULTILINE
    )
}
MODULES = {
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
}


def imported(file: Path) -> Iterator[str]:
    """Yield the modules of graflow that a file imports, for type checkers alone too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "graflow":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else str(node.module)


# A transaction is a channel, and a channel begins transactions; so on an event loop. What a channel
# with declared keys stands in front of is a channel, which makes it.
MUTUAL = {
    ("graflow.channels.base", "graflow.channels.transactions"),
    ("graflow.channels.base", "graflow.channels.keys_channel"),
}


def is_inside(module: str, room: str) -> bool:
    """Tell whether a module is a room, or in it."""
    return module == room or module.startswith(f"{room}.")


def room_of(module: str) -> str | None:
    """Return the innermost room of the table that a module is in."""
    return max((room for room in TABLE if is_inside(module, room)), key=len, default=None)


def test_the_table_names_rooms_that_there_are() -> None:
    """And no module by a name that it had once."""
    assert len(TABLE) >= 12
    for room, allowed in TABLE.items():
        for name in (room, *allowed):
            assert name in MODULES, name


def test_every_folder_is_a_room() -> None:
    """Or it is one that has rooms in it, and beside them what users import."""
    folders = {module for module, file in MODULES.items() if file.name == "__init__.py"}
    outside = {each for each in folders if room_of(each) is None}
    assert outside == {"graflow", "graflow.channels", "graflow.core", "graflow.testing"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_what_its_room_may_know(module: str) -> None:
    """A room knows itself, and what stands in its row of the table."""
    room = room_of(module)
    if room is None:
        return  # what users import knows the rooms below it
    known = {room, *TABLE[room]}
    for other in imported(MODULES[module]):
        assert any(is_inside(other, name) for name in known), f"{module} imports {other}"


def test_rooms_know_each_other_one_way() -> None:
    """No room can be reached from itself through others; modules in no room count as one each."""
    known: dict[str, set[str]] = {}
    for module, file in MODULES.items():
        here = room_of(module) or module
        known.setdefault(here, set()).update(
            room
            for other in imported(file)
            if (room := room_of(other) or other) != here and (here, room) not in MUTUAL
        )
    TopologicalSorter(known).prepare()  # raises if there is a circle


def test_channels_know_nothing_of_the_core() -> None:
    """Dependencies point one way, so that channels can be used on their own."""
    for module, file in MODULES.items():
        if is_inside(module, "graflow.channels"):
            assert not any(is_inside(other, "graflow.core") for other in imported(file)), module
