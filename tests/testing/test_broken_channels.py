"""The suite rejects every broken channel, and for the reason that is wrong with it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from graflow.testing import Budget, Harness, run
from graflow.testing.checks import CHECKS
from graflow.testing.report import Finding, Result
from tests.seeds import SEEDS
from tests.testing.broken import BROKEN, GROUPS, BrokenChannel, processes

# Some broken channels lose connections without closing them.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")

_CONTRACT = Path(__file__).parents[2] / "docs" / "contract.md"
_LONG = 60  # seconds of processor time
_RACES = {str(member) for member in processes.broken.members}
"""Those that `test_concurrency.py` tries, on the same seeds and more."""

_ACCIDENT = re.compile(
    r"\b(AssertionError|AttributeError|IndexError|NameError|NotImplementedError"
    r"|RecursionError|UnboundLocalError|ZeroDivisionError)\b"
)
"""Errors of a broken channel that does not even do what its author meant."""


def first_broken(harness: Harness, seed: int, broken: BrokenChannel) -> Finding | None:
    """Run the part of the suite that has to reject a channel until it does."""
    checks = [check for check in CHECKS if check.capability is broken.capability]
    findings = run(harness, budget=Budget(seed=seed, shrink=False), checks=checks)
    return next((found for found in findings if found.result is Result.BROKEN), None)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", [name for name in BROKEN if name not in _RACES])
def test_a_broken_channel_is_rejected(name: str, seed: int) -> None:
    """By the checks that are about its defect, with the default budget, on every seed, in time."""
    started = time.process_time()  # other processes may slow it down
    with BROKEN[name].reach() as harness:
        found = first_broken(harness, seed, BROKEN[name])
    assert found is not None
    assert not _ACCIDENT.search(found.reason), found.reason
    assert time.process_time() - started < _LONG


def test_there_are_many_broken_channels() -> None:
    """In groups, of which none is empty, and no two of the same name."""
    members = [member for group in GROUPS.values() for member in group.members]
    assert len(members) == len(BROKEN)
    assert len(BROKEN) >= 230
    assert all(group.members for group in GROUPS.values())


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_channel_breaks_a_clause_of_the_contract(name: str) -> None:
    """The words that it quotes are in the contract."""
    contract = " ".join(_CONTRACT.read_text("utf-8").split())
    assert BROKEN[name].clause in contract
