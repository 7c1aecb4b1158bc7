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
from tests.seeds import SEEDS
from tests.testing.broken import BROKEN, processes

_SEEDS = (
    [*SEEDS, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(5, 20))]
    if "GRAFLOW_SEEDS" not in os.environ
    else SEEDS
)

FOUND_BY = {
    "sums of processes get lost": "sums",
    "processes see a part of a batch": "batches",
    "processes read a batch key by key": "batches",
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
