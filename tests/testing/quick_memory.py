"""The suite on memory, with few examples: `make mutants` runs it for each mutant."""

from __future__ import annotations

import pytest

from graflow.testing import ChannelConformance, Harness
from graflow.testing.harness import Capabilities
from tests.backends import MemoryBackend


class TestMemoryQuickly(ChannelConformance):
    """Channels in memory, with few examples."""

    capabilities = Capabilities()
    examples = 10

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Harness:
        """Memory with a clock."""
        backend = MemoryBackend()
        return Harness(
            open=backend.open,
            advance=backend.advance,
            read=lambda name, key: backend.open(name)._read(key),
        )
