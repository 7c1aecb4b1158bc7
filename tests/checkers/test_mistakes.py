"""How many typical mistakes each checker finds, which `docs/mypy.md` has in a table.

A file of `mistakes` is an area, and a program of its own to the plugin. In it a line with a mistake
ends in `# mistake: name`, and the same done right in `# right: name`. Of two lines that contradict
each other only one is counted; the other ends in `# beside: name`. `pytest --regenerate` writes the
table anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.checkers.checkers import CHECKERS, WITH_PLUGIN, Checker, write_settings
from tests.paths import ROOT

PAGE: Final = ROOT / "docs/mypy.md"
AREAS: Final = {
    path.stem: path.read_text("utf-8")
    for path in sorted((Path(__file__).parent / "mistakes").glob("*.py"))
}
COLUMNS: Final = ("mistakes in", "lines", *map(str, (WITH_PLUGIN, *CHECKERS)))
_MARK = re.compile(r"  # (mistake|right|beside): (.*)$")
_TABLE = re.compile(rf"^\| {COLUMNS[0]} \|.*\n(?:\|.*\n)+", re.MULTILINE)

Cells = dict[str, dict[str, str]]
"""The cells of the table, by their rows and columns."""


@dataclass(frozen=True)
class Line:
    """A line of an area.

    Attributes:
        area: The name of the file.
        number: The number of the line.
        kind: "mistake", "right", "beside", or nothing.
        name: Which mistake it is about.
    """

    area: str
    number: int
    kind: str
    name: str


def _lines() -> list[Line]:
    found = []
    for area, text in AREAS.items():
        for number, line in enumerate(text.splitlines(), start=1):
            mark = _MARK.search(line)
            found.append(Line(area, number, *(mark.groups() if mark else ("", ""))))
    return found


LINES: Final = _lines()


def test_each_mistake_has_a_right_twin(pytestconfig: pytest.Config) -> None:
    """There are many; each is on one line, and done right on another."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for line in LINES:
        kinds.setdefault(line.kind, []).append((line.area, line.name))
    mistakes = kinds["mistake"]
    assert len(mistakes) >= 50
    assert len(set(mistakes)) == len(mistakes)
    assert sorted(kinds["right"]) == sorted(mistakes)
    assert set(kinds["beside"]) <= set(mistakes)
    check_column(COLUMNS[1], Counter(area for area, _ in mistakes), pytestconfig)


@pytest.mark.parametrize("checker", [WITH_PLUGIN, *CHECKERS], ids=str)
def test_the_table_says_what_a_checker_finds(
    checker: Checker, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """It reports no line that is right, and as many mistakes of an area as the table has."""
    reported = reports(checker, tmp_path)
    wrong = [
        f"{line.area}.py:{line.number}"
        for line in LINES
        if line.kind in {"", "right"} and (line.area, line.number) in reported
    ]
    assert not wrong
    found = Counter(
        line.area
        for line in LINES
        if line.kind == "mistake" and (line.area, line.number) in reported
    )
    check_column(checker.name, found, pytestconfig)


def reports(checker: Checker, folder: Path) -> set[tuple[str, int]]:
    """Return the areas and lines that a checker reports."""
    checked = folder / "checked"
    for area, text in AREAS.items():
        program = checked / area
        program.mkdir(parents=True)
        (program / f"{area}.py").write_text(text, "utf-8")
        write_settings(program)
    write_settings(checked)
    programs = [checked / area for area in AREAS] if checker is WITH_PLUGIN else [checked]
    return {
        (Path(report.path).stem, report.line)
        for program in programs
        for report in checker.errors(program)
    }


def check_column(column: str, counts: Mapping[str, int], pytestconfig: pytest.Config) -> None:
    """Compare the counts of the areas with a column of the table, or write them there."""
    rows = {area.replace("_", " "): str(counts[area]) for area in AREAS}
    rows["all"] = str(sum(counts.values()))
    cells = read_cells()
    if pytestconfig.getoption("regenerate"):
        found = {row: cells.get(row, {}) | {COLUMNS[0]: row, column: rows[row]} for row in rows}
        write_cells(found)
    else:
        assert {row: cells[row][column] for row in cells} == rows


def read_cells() -> Cells:
    """Read the table in the page."""
    table = _TABLE.search(PAGE.read_text("utf-8"))
    assert table is not None
    columns, _, *rows = (
        [cell.strip() for cell in row.strip("|").split("|")] for row in table[0].splitlines()
    )
    return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


def write_cells(cells: Cells) -> None:
    """Write the table into the page."""
    rows = [COLUMNS, ["---"] * len(COLUMNS)]
    rows += [[row.get(column, "?") for column in COLUMNS] for row in cells.values()]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    PAGE.write_text(_TABLE.sub(lambda _: table, PAGE.read_text("utf-8")), "utf-8")
