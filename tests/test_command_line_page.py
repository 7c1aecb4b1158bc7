"""The page on the command line, followed as its readers do: commands print what stands below them.

`pytest --regenerate` writes down what is printed now.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Final

import pytest

from tests.followed import follow
from tests.paths import ROOT

PAGE: Final = ROOT / "docs/command-line.md"
_VARYING: Final = re.compile(
    r"\b[0-9a-f]{32}\b|\d{4}-\d\d-\d\dT[\d:.+]+|\b\d+\.\d+\.\d+\b|\d+\.\d\d ms"
    r"|[\d.,]+ [KMGT]iB|/[\w./-]+/shop.db"
)
"""What is different each time: ids, times, and what a machine has."""


@pytest.mark.needs_system
def test_commands_print_what_stands_below_them(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """From the program of the page alone, in a folder that was empty."""
    text = PAGE.read_text("utf-8")
    found = follow(text, tmp_path, {}).replace(str(tmp_path), "/home/ada")
    if pytestconfig.getoption("regenerate"):
        PAGE.write_text(found, "utf-8")
    assert found.count("\n$ graflow ") >= 15
    first, second = (_VARYING.sub("...", each).splitlines() for each in (text, found))
    assert first == second, "\n".join(difflib.unified_diff(first, second))
