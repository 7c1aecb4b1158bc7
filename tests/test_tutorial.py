"""The tutorial, followed as its readers do: what is shown below a command is what it prints.

`pytest --regenerate` writes down what is printed now.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from tests.followed import follow, save
from tests.paths import ROOT

TUTORIAL = ROOT / "docs/tutorial"
PROGRAM = TUTORIAL / "keys.md"
"""The page with the program that those after it go on with."""


@pytest.mark.parametrize("page", ["keys", "plugin", "processes", "resume"])
def test_commands_print_what_stands_below_them(
    page: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """From the program of the tutorial and the page alone, in a folder that was empty."""
    save(PROGRAM.read_text("utf-8"), tmp_path)
    text = read(page)
    found = follow(text, tmp_path, {})
    if pytestconfig.getoption("regenerate"):
        (TUTORIAL / f"{page}.md").write_text(found, "utf-8")
    assert found == text, difference(text, found)


def test_the_page_on_servers_prints_it_on_each_server(tmp_path: Path, redis_url: str) -> None:
    """At the address of the server, in place of that of the page."""
    save(PROGRAM.read_text("utf-8"), tmp_path)
    text = read("server")
    found = follow(text, tmp_path, {"redis://localhost:6379/0": redis_url})
    assert found == text, difference(text, found)


def test_each_page_leads_to_the_next() -> None:
    """The table of the first page has them all, in the order in which they lead to each other."""
    listed = re.findall(r"^\| \[\d\. .*\]\((\w+\.md)\)", read("index"), re.MULTILINE)
    assert sorted([*listed, "index.md"]) == sorted(page.name for page in TUTORIAL.glob("*.md"))
    for page, following in zip(["index.md", *listed], listed, strict=False):
        last = (TUTORIAL / page).read_text("utf-8").strip().splitlines()[-1]
        assert f"({following})" in last


def read(page: str) -> str:
    """Return the text of a page of the tutorial."""
    return (TUTORIAL / f"{page}.md").read_text("utf-8")


def difference(text: str, found: str) -> str:
    """Return the lines that differ."""
    return "\n".join(difflib.unified_diff(text.splitlines(), found.splitlines()))
