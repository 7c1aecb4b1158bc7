"""The examples of `docs/mypy.md` get the errors and notes that stand below their lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graflow_mypy.messages import CODES, UNJUDGED, UNREAD
from tests.mypy_plugin.runs import Runner
from tests.paths import ROOT

PAGE = (ROOT / "docs/mypy.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EVERY_CODE = "graflow-key-default = error"  # the one that is off by default
_SAID = re.compile(r"^ *# (error|note): (.*)\n", re.MULTILINE)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_gets_what_it_shows(number: int, primed: Path, tmp_path: Path) -> None:
    """Each error and note is below its line, and there is no other."""
    example = EXAMPLES[number]
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").touch()
    (tmp_path / "app/main.py").write_text(_SAID.sub("", example), "utf-8")
    expected, line = [], 0
    for text in example.splitlines(keepends=True):
        if mark := _SAID.fullmatch(text):
            expected.append(f"app/main.py:{line}: {mark[1]}: {mark[2]}")
        else:
            line += 1
    said = Runner(tmp_path, EVERY_CODE, primed).cold()
    assert [each for each in said if ": error: " in each or ": note: " in each] == sorted(expected)


def test_every_code_has_a_wrong_and_a_right_example() -> None:
    """Below the heading of each code there are both; one is about files that can't be parsed."""
    assert f"### `{UNREAD}`" in PAGE
    for code in CODES.keys() - {UNREAD}:
        section = PAGE.partition(f"### `{code}`")[2].partition("\n##")[0]
        examples = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        said = "# note: graflow: " if code == UNJUDGED else f"[{code}]"
        assert any(said in example for example in examples), code
        assert any(not _SAID.search(example) for example in examples), code


def test_every_option_is_described() -> None:
    """The page names what the section may have."""
    for option in ("paths", "exclude", "external_keys"):
        assert f"| `{option}` |" in PAGE
