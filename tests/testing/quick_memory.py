"""The suite on memory, with few examples: `make mutants` runs it for each mutant."""

from __future__ import annotations

import pytest

from graflow.testing import Capabilities, ChannelConformance, Harness
from tests.testing.test_conformance import memory_harness


class TestMemoryQuickly(ChannelConformance):
    """Channels in memory, with few examples."""

    capabilities = Capabilities()
    examples = 10

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Harness:
        """Memory with a clock."""
        return memory_harness()
