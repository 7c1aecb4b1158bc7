"""Channels keep the contract while they are measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from graflow import RedisChannel
from graflow.otel import instrument, uninstrument
from graflow.otel.measured import MeasuredBackend
from graflow.testing import Capabilities, ChannelConformance, Harness
from tests.otel.conftest import Telemetry
from tests.proxy import run_proxy
from tests.servers import run_server
from tests.testing.test_conformance import memory_harness, server_harness


@contextmanager
def measured(harness: Harness) -> Iterator[Harness]:
    """Measure what a harness opens, and look whether it was."""
    told = Telemetry()
    instrument(tracer_provider=told.tracers, meter_provider=told.meters)
    try:
        channel = harness.open("any")
        assert isinstance(channel.backend, MeasuredBackend)
        channel.set("key", 1)
        assert told.operations()["put"]
        yield harness
    finally:
        uninstrument()


class TestMeasuredMemory(ChannelConformance):
    """Channels in memory, with few examples: what decides is in front of what measures."""

    capabilities = Capabilities()
    examples = 1
    on_loop = False

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[Harness]:
        """Memory with a clock."""
        with measured(memory_harness()) as harness:
            yield harness


@pytest.mark.long
class TestMeasuredValkey9(ChannelConformance):
    """Channels on a server."""

    capabilities = Capabilities(shared=True, durable=True, remote=True)
    examples = 1
    on_loop = False

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Iterator[Harness]:
        """A server, and a proxy for what loses replies."""
        durable = ("--appendonly", "yes", "--appendfsync", "always")
        with run_server("valkey-9", *durable) as server, run_proxy(server) as proxy:
            harness = server_harness(
                server,
                proxy,
                lambda port, name: RedisChannel(name, url=f"redis://127.0.0.1:{port}"),
            )
            with measured(harness) as harness:
                yield harness
