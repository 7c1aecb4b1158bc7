"""The checks of threads, processes and forks, which have to find what lasts for microseconds.

They must not depend on luck, nor on how busy the machine is. So there are twenty seeds, of which
`make test` tries one; `GRAFLOW_SEEDS` names others.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from graflow.testing import Budget, Capability
from graflow.testing.checks import CHECKS
from tests.paths import ROOT
from tests.seeds import SEEDS
from tests.testing.broken import BROKEN, processes
from tests.testing.broken.registry import Group
from tests.testing.broken.stores import store_harness
from tests.testing.broken.wire import Wire

# Some broken channels lose connections without closing them.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")

_SEEDS = (
    [*SEEDS, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(5, 20))]
    if "GRAFLOW_SEEDS" not in os.environ
    else SEEDS
)

CONTRACT = " ".join((ROOT / "docs" / "contract.md").read_text("utf-8").split())

FOUND_BY = {
    "sums of processes get lost": "sums",
    "processes see a part of a batch": "batches",
    "processes read a batch key by key": "reads",
    "an update overwrites what another process wrote": "sums",
    "processes pop an item twice": "queue",
    "items that processes append get lost": "queue",
    "several processes delete a key once": "claims",
    "several processes add a key at once": "claims",
    "transactions of processes overlap": "transfers",
    "several processes take a lock": "lock",
    "each process remembers for a moment what it has read": "reads",
    "each process remembers the keys": "reads",
}
"""The one check that has to find each, though others may."""


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Two more processes that take all they get of the processors."""
    with ExitStack() as stack:
        for _ in range(2):
            busy = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(busy.kill)
        yield


def reason(name: str, seed: int, check: str, capability: Capability) -> str | None:
    """Return what one check finds wrong with a broken channel."""
    (chosen,) = [each for each in CHECKS if str(each) == f"{capability}: {check}"]
    with BROKEN[name].reach() as harness:
        try:
            chosen.run(harness, harness.capabilities, Budget(seed=seed))
        except AssertionError as error:
            return str(error)
    return None


def test_all_broken_channels_of_processes_are_here() -> None:
    """None is left out."""
    assert list(FOUND_BY) == [str(member) for member in processes.broken.members]


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("name", FOUND_BY)
def test_a_race_of_processes_is_found(name: str, seed: int) -> None:
    """By the default budget, on every seed."""
    assert reason(name, seed, FOUND_BY[name], Capability.PROCESSES)


@pytest.mark.thorough
@pytest.mark.usefixtures("busy_machine")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FOUND_BY)
def test_a_race_is_found_on_a_busy_machine(name: str, seed: int) -> None:
    """The pauses wait for the others, however long these take."""
    assert reason(name, seed, FOUND_BY[name], Capability.PROCESSES)


@pytest.mark.parametrize(
    ("name", "check", "capability"),
    [
        ("a handle is for the thread that used it first", "sums on one handle", Capability.THREADS),
        ("threads use one connection at once", "lock on one handle", Capability.THREADS),
        ("several processes take a lock", "lock", Capability.PROCESSES),
    ],
)
def test_what_workers_raise_is_a_finding_like_others(
    name: str, check: str, capability: Capability
) -> None:
    """With a clause of the contract, a script, and who has raised what."""
    found = reason(name, 0, check, capability)
    assert found is not None
    clause, _, code = found.partition("\n\n")
    assert clause in CONTRACT
    assert code.startswith("import ")
    assert "# the contract: " in code


def test_a_correct_channel_passes() -> None:
    """Over a connection, from the threads and processes that find the defects of others."""
    group = Group(Capability.PROCESSES, store_harness)
    group("correct", clause="")(Wire)
    (correct,) = group.members
    with correct.reach() as harness:
        for check in CHECKS:
            if check.capability in {Capability.PROCESSES, Capability.THREADS}:
                check.run(harness, harness.capabilities, Budget(seed=0, examples=10))
