"""Edge cases on channels in memory, each as a test: also where there are no threads."""

from __future__ import annotations

import pytest

from graflow.testing.edges import EDGES, Edge
from graflow.testing.harness import Capability, Harness
from graflow.testing.trials.trial import Trial
from tests.testing.test_conformance import memory_harness

WITH_THREADS = {Capability.LOCK, Capability.WAITING}


@pytest.fixture(scope="module")
def harness() -> Harness:
    """Memory with a clock."""
    return memory_harness()


@pytest.mark.parametrize(
    "edge",
    [
        pytest.param(
            edge,
            id=str(edge),
            marks=[pytest.mark.needs_system] if edge.capability in WITH_THREADS else [],
        )
        for edge in EDGES
    ],
)
def test_it_is_as_the_contract_says(edge: Edge, harness: Harness) -> None:
    """The steps of each have the outcomes that it names."""
    with Trial(harness, f"{edge.name}: {edge.clause}") as trial:
        edge.run(trial)
