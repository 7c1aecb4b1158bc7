"""Each checker accepts the documentation, the examples and `tests/typing`, but for mistakes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.checkers.checkers import CHECKERS, Checker, Report, write_settings
from tests.pages import PRELUDE, write_modules
from tests.paths import ROOT

# What a page leaves to the reader is written before its snippets.
_PRELUDES: Final = {
    "specification": PRELUDE.format(url="redis://127.0.0.1/0"),
    "conformance": """
from graflow import MemoryChannel


class AcmeChannel(MemoryChannel):
    def __init__(self, name: str, port: int) -> None:
        super().__init__(name)
""",
}
# Its snippets show what only the plugin knows; `tests/mypy_plugin/test_docs.py` has them checked.
_OF_THE_PLUGIN: Final = "mypy"
# What the tutorial shows the mistakes of; `tests/test_tutorial.py` has it checked.
_MISTAKES: Final = "mistakes.py"
_PAGE_WITH_MISTAKES: Final = "docs/tutorial/keys.md"


@dataclass(frozen=True)
class Expected:
    """An error that is no fault of the code.

    Attributes:
        checker: Who reports it.
        line: The line of code, or a part of it.
        reason: Why that is wrong, or why the code stays as it is.
    """

    checker: str
    line: str
    reason: str


EXPECTED: Final = (
    Expected(
        "pyrefly",
        'TypedChannel(channel, "list[User]")',
        "It knows no type form in quotes yet; `TypedChannel[list[User]]` is what PEP 747 says.",
    ),
)


@pytest.mark.parametrize("checker", CHECKERS, ids=str)
def test_errors_are_where_mistakes_are(checker: Checker, tmp_path: Path) -> None:
    """Each line of the tutorial's task with mistakes has one; no other error is unexpected.

    Those are expected where `type: ignore` says that there is a mistake, or in the list of this
    file. What is checked has one mistake more, which shows that the checker has looked.
    """
    checked = tmp_path / "checked"
    write_all(checked)
    expected = {each for each in EXPECTED if each.checker == checker.name}
    unexpected, seen, lines_with_mistakes = [], set(), set()
    for report in checker.errors(checked):
        if report.path == _MISTAKES:
            lines_with_mistakes.add(report.line)
            continue
        line = line_of(report, checked)
        reasons = {each for each in expected if each.line in line}
        seen |= reasons
        if not reasons and "# type: ignore[" not in line:
            unexpected.append(f"{report.path}: {line.strip()}\n    {report.text}")
    [planted] = (each for each in unexpected if each.startswith("wrong.py"))
    unexpected.remove(planted)
    assert not unexpected, "\n".join(unexpected)
    assert seen == expected
    lines = (checked / _MISTAKES).read_text().splitlines()
    body = lines.index("    channel = ctx.get_channel(Survey)") + 2
    assert lines_with_mistakes == set(range(body, len(lines) + 1))


def write_all(folder: Path) -> None:
    """Write whatever is checked, as one program: a checker needs long to read graflow."""
    folder.mkdir()
    write_settings(folder)
    write_pages(folder)
    write_modules(_PAGE_WITH_MISTAKES, folder)  # the page after it has others under their name
    for each in ("examples", "tests/typing"):
        shutil.copytree(ROOT / each, folder / each)
    (folder / "wrong.py").write_text('number: int = "text"')


def write_pages(folder: Path) -> None:
    """Write each page of the documentation as a module, besides the modules that it shows."""
    snippets = Sybil([PythonCodeBlockParser()])
    for page in pages():
        modules = tuple(f"# {name}" for name in write_modules(page, folder))
        parts = [str(example.parsed) for example in snippets.parse(ROOT / page).examples()]
        parts = [part for part in parts if not part.startswith(modules)]
        name = page.removeprefix("docs/").removesuffix(".md").lower().replace("/", "_")
        if parts and name != _OF_THE_PLUGIN:
            text = "\n\n".join([_PRELUDES.get(name, ""), *parts])
            (folder / f"page_on_{name.replace('-', '_')}.py").write_text(text)


def pages() -> Iterator[str]:
    """Yield the path of each page, from the root of the repository."""
    yield "README.md"
    yield from (str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md")))


def line_of(report: Report, folder: Path) -> str:
    """Return the line of code that an error is on."""
    return (folder / report.path).read_text().splitlines()[report.line - 1]
