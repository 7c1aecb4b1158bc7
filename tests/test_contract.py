"""The page on the contract: every clause that the suite quotes is in it."""

from __future__ import annotations

import re

import pytest

from graflow.testing.edges import EDGES
from tests.paths import ROOT

PAGE = ROOT / "docs/contract.md"
CLAUSES = sorted({edge.clause for edge in EDGES})


def plain(text: str) -> str:
    """Return a text without the marks of Markdown, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"[`*|]", "", text)).strip()


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_that_the_suite_quotes_is_in_the_contract(clause: str) -> None:
    """Its words stand there in their order; `...` stands for words that were left out."""
    rest = plain(PAGE.read_text("utf-8"))
    for part in plain(clause).split("..."):
        assert part.strip() in rest
        rest = rest.partition(part.strip())[2]
