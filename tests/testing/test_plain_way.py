"""The plain way: our backends keep the contract without their short cuts too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from graflow.channels.redis_channel import RedisChannel
from graflow.testing import Budget, Capabilities, Capability, Harness, run
from graflow.testing.checks import CHECKS
from graflow.testing.plain import PlainBackend, plain
from graflow.testing.report import Result
from tests.backends import ServerBackend
from tests.servers import run_server
from tests.testing.test_conformance import memory_harness

CHECKED = {
    Capability.LISTS,
    Capability.NUMBERS,
    Capability.KEYS,
    Capability.TTL,
    Capability.UPDATE,
    Capability.BATCHES,
    Capability.COMMITS,
    Capability.LOCK,
    Capability.THREADS,
    Capability.SEQUENCES,
}


@contextmanager
def in_memory() -> Iterator[Harness]:
    """Reach channels in memory."""
    yield memory_harness()


@contextmanager
def on_a_server() -> Iterator[Harness]:
    """Reach channels on a server."""
    with run_server("redis-6.2") as server, ServerBackend(server) as backend:
        yield Harness(open=lambda name: RedisChannel(name, url=server.url), advance=backend.advance)


@pytest.mark.thorough
@pytest.mark.parametrize("reach", [in_memory, on_a_server])
def test_the_plain_way_keeps_the_contract(reach: object) -> None:
    """Whatever the short cuts are spared: the same checks hold as for the backend itself."""
    assert callable(reach)
    with reach() as harness:
        promised = Capabilities(shared=reach is on_a_server)
        checks = [check for check in CHECKS if check.capability in CHECKED]
        going = replace(harness, open=lambda name: plain(harness.open(name)))
        assert isinstance(going.open("job").backend, PlainBackend)
        findings = list(run(going, promised, budget=Budget(examples=10, seed=0), checks=checks))
    assert [found for found in findings if found.result is not Result.HELD] == []
    assert len(findings) == len(checks) > 200
