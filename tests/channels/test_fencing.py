"""Channels behind a fence: whoever was superseded changes nothing, in no way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from graflow.channels.backend import (
    Add,
    AsyncBackend,
    AsyncBackendInFront,
    BackendInFront,
    Expire,
    Push,
)
from graflow.channels.backend.async_in_front import AsyncFencedBackend
from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import RunSupersededError
from graflow.testing.on_loop.loop_channel import on_event_loop
from graflow.testing.proxy import LossyProxy
from graflow.testing.servers import has_written
from tests.channels.fencing import FENCE, fenced, put_fence
from tests.proxy import url_of
from tests.servers import Server

BEFORE: dict[str, object] = {"value": 1, "list": [1, 2], "number": 5, "float": 0.5}
CHANGES: dict[str, Callable[[Channel], object]] = {
    "set": lambda c: c.set("value", 2),
    "set with a ttl": lambda c: c.set("value", 2, ttl=9),
    "set a list": lambda c: c.set("value", [2]),
    "set_many": lambda c: c.set_many({"value": 2, "new": 1}),
    "set, if the same": lambda c: c.set("value", 2, if_etag=c.entry("value").etag),
    "add": lambda c: c.add("new", 1),
    "append": lambda c: c.append("list", 3),
    "prepend": lambda c: c.prepend("new", 3),
    "pop": lambda c: c.pop("list"),
    "atomic_add": lambda c: c.atomic_add("number", 1),
    "atomic_add of a float": lambda c: c.atomic_add("float", 0.5),
    "atomic_add of 2**70": lambda c: c.atomic_add("number", 2**70),
    "update": lambda c: c.update("number", lambda number: number + 1),
    "delete": lambda c: c.delete("value"),
    "touch": lambda c: c.touch("value", 9),
    "persist": lambda c: c.persist("value"),
    "transact": lambda c: c.transact(lambda tx: tx.append("list", tx.get("number"))),
    "transact blindly": lambda c: c.transact(lambda tx: tx.append("list", 3)),
    "commit": lambda c: c.backend.commit((), (Push("list", b"3"), Expire("value", 9_000))),
    "commit of 2**70": lambda c: c.backend.commit((), (Push("list", b"3"), Add("number", 2**70))),
    "clear": lambda c: c.clear(),
    "destroy": lambda c: c.destroy(),
    "lock": lambda c: c.lock("key", timeout=0).__enter__(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_changes_behind_a_fence_that_was_passed(
    open_channel: Callable[[str], Channel], change: str
) -> None:
    """The error says so, and reading goes on; with the fence in place all of it happens."""
    channel = open_channel("c")
    channel.set_many(BEFORE)
    late = fenced(open_channel("c"))
    for fence in (b"2", None):
        set_fence(channel, fence)
        with pytest.raises(RunSupersededError, match="'run'"):
            CHANGES[change](late)
        assert late.get_many(late.keys()) == BEFORE
        assert channel.ttl("value") is None
        assert [held and held.record for held in channel.backend.read([FENCE.key])] == [fence]
        with channel.lock("key", timeout=0):
            pass
    put_fence(channel)
    CHANGES[change](late)


class Native(BackendInFront):
    """A backend with a form for event loops of its own, which uses no thread."""

    def asynchronous(self) -> AsyncBackend:
        """Return that form."""
        return AsyncBackendInFront(self, self.inner.asynchronous())


@pytest.mark.needs_system
@pytest.mark.parametrize("change", CHANGES)
def test_nothing_changes_behind_a_fence_on_a_loop(change: str) -> None:
    """A fence in front of a backend that has a native form is in front of that form as well."""
    channel = MemoryChannel("c")
    channel.set_many(BEFORE)
    behind = channel.on(Native(channel.backend).fenced(FENCE))
    assert isinstance(behind.aio.backend, AsyncFencedBackend)
    late = on_event_loop(lambda name: behind)("c")
    for fence in (b"2", None):
        set_fence(channel, fence)
        with pytest.raises(RunSupersededError, match="'run'"):
            CHANGES[change](late)
        assert late.get_many(late.keys()) == BEFORE
        assert channel.ttl("value") is None
        with channel.lock("key", timeout=0):
            pass
    put_fence(channel)
    CHANGES[change](late)


def set_fence(channel: Channel, record: bytes | None) -> None:
    """Let another have taken over, or nobody be known."""
    if record is None:
        channel.backend.clear(kept=True)
        channel.set_many(BEFORE)
    else:
        channel.backend.put(FENCE.key, record, None)


def test_what_happened_before_is_answered_after(server: Server, redis_client: redis.Redis) -> None:
    """When its reply got lost, and somebody took over before it was asked for again."""
    direct = RedisChannel("c", redis_client)
    direct.set_many(BEFORE)
    put_fence(direct)

    def is_write(request: bytes, reply: bytes) -> bool:
        written = has_written(request, reply)
        if written:
            direct.backend.put(FENCE.key, b"2", None)
        return written

    with (
        LossyProxy(("127.0.0.1", server.port), is_write=is_write) as proxy,
        RedisChannel("c", url=url_of(proxy)) as channel,
    ):
        late = fenced(channel)
        proxy.faults = 1
        assert late.append("list", 3) == 3
        assert proxy.lost == 1
        with pytest.raises(RunSupersededError):
            late.append("list", 4)
    assert direct.get("list") == [1, 2, 3]
