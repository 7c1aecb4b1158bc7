"""What the plugin keeps beside mypy's cache: it comes back whole, or the work is done again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mypy.options import Options

from graflow_mypy.index.cache import KeptFiles
from graflow_mypy.index.encoding import decoded, encoded
from graflow_mypy.index.facts import ModuleFacts
from graflow_mypy.index.index import Index
from graflow_mypy.options import PluginOptions
from tests.mypy_plugin.cases_format import CASES, write_case

LONG_AGO = 1_000_000_000  # seconds; what changed just now is not kept


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where the plugin runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def every_case(place: Path) -> None:
    """The modules of all cases, which have every kind of term."""
    write(CASES, place)


@pytest.fixture
def some_cases(place: Path) -> None:
    """A small program, for what is the same for any."""
    write(CASES[::20], place)


def write(cases: Sequence[Path], place: Path) -> None:
    """Write the modules of cases, each case into a folder of its own."""
    for case in cases:
        write_case(case.read_text("utf-8"), place / case.stem)
    for path in place.rglob("*.py*"):  # stubs too
        os.utime(path, (LONG_AGO, LONG_AGO))


def facts(version: str = "1") -> dict[str, ModuleFacts]:
    """Return what the plugin finds, with a cache of an earlier run if there is one."""
    options = Options()
    options.cache_dir = "cache"
    options.explicit_package_bases = True
    return Index(options, PluginOptions((".",)), version).raw


def kept(name: str) -> Path:
    """Return the one file of a name that is kept."""
    (found,) = Path("cache/graflow_mypy").rglob(f"{name}.json")
    return found


@pytest.mark.usefixtures("every_case")
def test_notes_come_back_as_they_were() -> None:
    """Those of every case: the cases have every kind of term."""
    found = facts()
    assert found
    text = kept("files").read_text()
    tags = {*"?skra+o|ildfvpte", "ch", "lax"}
    table, _ = json.loads(text)
    assert {entry[0] for entry in table} == tags
    assert len({json.dumps(entry) for entry in table}) == len(table)  # each once
    again = decoded(text, KeptFiles)
    assert encoded(again) == text
    assert again == decoded(encoded(again), KeptFiles)
    kept("facts").unlink()
    assert facts() == found


@pytest.mark.usefixtures("every_case")
def test_facts_come_back_as_they_were() -> None:
    """Without a look at the notes."""
    found = facts()
    kept("files").write_text("nothing")
    assert facts() == found
    assert kept("files").read_text() == "nothing"


def _named(raw: Any) -> list[Any]:
    """Return the first name in the table of terms."""
    found: list[Any] = next(entry for entry in raw[0] if entry[0] == "r")
    return found


def _called(raw: Any) -> list[Any]:
    """Return the first call in the table of terms; its second item is the number of a term."""
    found: list[Any] = next(entry for entry in raw[0] if entry[0] == "f")
    return found


DAMAGE: dict[str, Callable[[list[Any]], object]] = {
    "an unknown kind": lambda raw: _named(raw).__setitem__(0, "z"),
    "an item too few": lambda raw: _named(raw).pop(),
    "an item too many": lambda raw: _named(raw).append("x"),
    "an item of another type": lambda raw: _named(raw).__setitem__(1, 5),
    "nothing": lambda raw: _named(raw).clear(),
    "a kind that is none": lambda raw: _named(raw).__setitem__(0, ["r"]),
    "a number of a later term": lambda raw: _called(raw).__setitem__(1, len(raw[0]) - 1),
    "a number of no term": lambda raw: _called(raw).__setitem__(1, -1),
    "a truth for a number": lambda raw: _called(raw).__setitem__(1, True),
    "a text for a number": lambda raw: _called(raw).__setitem__(1, "r"),
    "a table too short": lambda raw: raw[0].pop(),
    "no table": lambda raw: raw.pop(0),
    "a table of another kind": lambda raw: raw.__setitem__(0, {}),
}


@pytest.mark.usefixtures("some_cases")
@pytest.mark.parametrize("kind", DAMAGE)
def test_notes_of_another_form_are_dropped(kind: str) -> None:
    """Files are read again then, and the notes are good again."""
    found = facts()
    before = kept("files").read_text()
    raw = json.loads(before)
    DAMAGE[kind](raw)
    kept("files").write_text(json.dumps(raw))
    with pytest.raises(ValueError, match=r"not |unknown"):
        decoded(json.dumps(raw), KeptFiles)
    kept("facts").unlink()
    assert facts() == found
    assert kept("files").read_text() == before


@pytest.mark.usefixtures("some_cases")
def test_another_version_keeps_its_own() -> None:
    """What one version has written, no other reads: the form may have changed."""
    facts("1")
    kept("facts").write_text("nothing")
    facts("2")
    assert len([*Path("cache/graflow_mypy").rglob("facts.json")]) == 2
