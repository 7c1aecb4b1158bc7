"""Every step of an awaitable backend, while the replies to it get lost."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest
import redis

from graflow.channels.backend import Add, AsyncBackend, Push
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelConnectionError, ChannelUnavailableError, OutcomeUnknownError
from graflow.testing import Fault
from tests.channels.redis.asynchronous.steps import (
    BEFORE,
    CHANGES,
    LOCKS,
    READS,
    Step,
    content,
    fill,
    on_loop,
    open_backend,
)
from tests.proxy import run_proxy, url_of
from tests.servers import Server

each_step = pytest.mark.parametrize("step", [*CHANGES, LOCKS, *READS], ids=lambda each: each.name)


@pytest.fixture
def direct(redis_client: redis.Redis) -> RedisChannel:
    """The channel by a way on which no reply is lost."""
    channel = RedisChannel("c", redis_client)
    fill(channel)
    return channel


# How long a reply is awaited: for some time, unless the connection ends.
PATIENT: dict[Fault, dict[str, Any]] = {
    Fault.CUT: {},
    Fault.HALVE: {},
    Fault.STALL: {"socket_timeout": 0.2},
}


@each_step
@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("fault", Fault)
def test_it_happens_once_and_is_answered(
    server: Server, direct: RedisChannel, step: Step, lost: int, fault: Fault
) -> None:
    """One or two lost replies are not noticed, whatever became of them."""
    with run_proxy(server, fault) as proxy:

        async def main() -> object:
            async with open_backend(url=url_of(proxy), timeout=60, **PATIENT[fault]) as backend:
                proxy.faults = lost
                return await step.call(backend)

        assert on_loop(main) == step.answer
        assert proxy.lost == lost
        assert content(direct) == step.after


async def connect(backend: AsyncBackend) -> None:
    """Get to know the server and its clock, however busy the machine is."""
    while True:
        with suppress(ChannelConnectionError):
            await backend.release("none", "nobody")
            return


@pytest.mark.parametrize("step", CHANGES, ids=lambda each: each.name)
def test_it_says_that_it_may_have_happened(
    server: Server, direct: RedisChannel, step: Step
) -> None:
    """When no reply comes at all, in the time that was set; what it reads first may get none."""
    with run_proxy(server) as proxy:

        async def main() -> float:
            async with open_backend(url=url_of(proxy), timeout=0.8) as backend:
                await connect(backend)
                proxy.faults = 1_000
                started = time.monotonic()
                with pytest.raises(ChannelConnectionError) as caught:
                    await step.call(backend)
                unread = "2**70" in step.name
                kind = ChannelUnavailableError if unread else OutcomeUnknownError
                assert type(caught.value) is kind
                assert url_of(proxy) in str(caught.value)
                return time.monotonic() - started

        assert on_loop(main) < 4.5  # by default it waits for 5 s
        assert content(direct) == (BEFORE if "2**70" in step.name else step.after)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.HALVE])  # no network loses one of several
def test_many_at_once_happen_once_each(server: Server, direct: RedisChannel, fault: Fault) -> None:
    """The replies to all that share a connection are lost together."""
    with run_proxy(server, fault) as proxy:

        async def main() -> list[bytes]:
            async with open_backend(url=url_of(proxy), timeout=60) as backend:
                await backend.apply(Add("count", 1))
                proxy.faults = 3
                adding = asyncio.gather(*(backend.apply(Add("count", 1)) for _ in range(200)))
                pushing = (backend.apply(Push("pushed", b"%d" % each)) for each in range(200))
                await asyncio.gather(*pushing)
                sums: list[bytes] = await adding
                return sums

        assert sorted(map(int, on_loop(main))) == list(range(2, 202))
        assert proxy.lost == 3
        pushed = direct.backend.get("pushed")
        assert isinstance(pushed, list)
        assert sorted(map(int, pushed)) == list(range(200))


@each_step
def test_it_does_not_happen_without_a_connection(direct: RedisChannel, step: Step) -> None:
    """The error says that nothing was executed, and names the server without its password."""

    async def main() -> None:
        url = "redis://user:s3cret@127.0.0.1:1/2"
        async with open_backend(url=url, timeout=0.1) as backend:
            with pytest.raises(
                ChannelUnavailableError, match=r"redis://127\.0\.0\.1:1/2"
            ) as caught:
                await step.call(backend)
            assert isinstance(caught.value.__cause__, redis.ConnectionError | redis.TimeoutError)
            assert "s3cret" not in f"{caught.value!r} {caught.value} {backend!r}"

    on_loop(main)
    assert content(direct) == BEFORE


def test_a_read_that_is_never_answered_is_unavailable(server: Server, direct: RedisChannel) -> None:
    """It changes nothing, so there is no doubt."""
    with run_proxy(server, Fault.STALL) as proxy:

        async def main() -> None:
            async with open_backend(url=url_of(proxy), timeout=0.8) as backend:
                await connect(backend)
                proxy.faults = 1_000
                with pytest.raises(ChannelUnavailableError):
                    await backend.get("number")
                proxy.faults = 0
                await connect(backend)

        on_loop(main)
