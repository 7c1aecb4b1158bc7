"""Changes and reads of an awaitable backend, with what they answer and leave."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from graflow.channels.backend import (
    Add,
    AsyncBackend,
    Delete,
    Expire,
    Holds,
    Pop,
    Push,
    Put,
    Record,
    StartsWith,
    Unlocked,
)
from graflow.channels.base import Channel
from graflow.channels.redis.asynchronous.async_redis_backend import AsyncRedisBackend
from graflow.channels.redis_channel import RedisChannel
from tests.channels.fencing import FENCE, put_fence

__all__ = [
    "BEFORE",
    "CHANGES",
    "LOCKS",
    "READS",
    "Step",
    "content",
    "fill",
    "on_loop",
    "open_backend",
]

R = TypeVar("R")
Call = Callable[[AsyncBackend], Awaitable[Any]]


class Step(NamedTuple):
    """Something that is asked of a backend that holds `BEFORE`.

    Attributes:
        name: What it does.
        call: Does it.
        answer: What it returns.
        after: What the channel holds then.
    """

    name: str
    call: Call
    answer: object
    after: dict[str, Record]


BEFORE: dict[str, Record] = {
    "value": b'{"a":1}',
    "list": [b'"x"', b'"y"'],
    "number": b"5",
    "float": b"0.5",
}


def on_loop(main: Callable[[], Coroutine[Any, Any, R]]) -> R:
    """Run it on a loop of its own, and let whatever it leaves open warn."""
    result = asyncio.run(main())
    gc.collect()
    return result


@asynccontextmanager
async def open_backend(name: str = "c", **settings: Any) -> AsyncIterator[AsyncRedisBackend]:
    """Give the awaitable backend of a channel of its own, which is closed afterwards."""
    with RedisChannel(name, **settings) as channel:
        backend = channel.backend.asynchronous()
        assert isinstance(backend, AsyncRedisBackend)
        yield backend
        await backend.close()


def fill(channel: Channel) -> None:
    """Let a channel hold `BEFORE`, and a fence that holds."""
    for key, record in BEFORE.items():
        channel.backend.put(key, record, None)
    put_fence(channel)


def content(channel: Channel) -> dict[str, Record]:
    """Return all that a channel holds."""
    keys = channel.backend.keys()
    found = zip(keys, channel.backend.read(keys), strict=True)
    return {key: held.record for key, held in found if held is not None}


def change(name: str, call: Call, answer: object, **after: Record | None) -> Step:
    """Return a step that leaves these keys."""
    left = {key: record for key, record in {**BEFORE, **after}.items() if record is not None}
    return Step(name, call, answer, left)


def reading(name: str, call: Call, answer: object) -> Step:
    """Return a step that changes nothing."""
    return Step(name, call, answer, BEFORE)


def fenced(backend: AsyncBackend) -> AsyncBackend:
    """Return the backend as a run has it."""
    return backend.backend.fenced(FENCE).asynchronous()


async def commit_many(backend: AsyncBackend, amount: int = 2) -> object:
    """Make each kind of change in one commit, some of them to one key."""
    return await backend.commit(
        (Holds("number", b"5"), StartsWith("list", (b'"x"',)), Holds("none", None)),
        (
            Pop("list"),
            Push("list", b"1"),
            Push("list", b"0", at_head=True),
            Add("number", amount),
            Add("number", 1),
            Delete("float"),
            Put("new", [b"1"]),
            Expire("new", 100_000),
            Expire("none", None),
        ),
    )


def many(amount: int) -> list[object]:
    """Return what `commit_many` answers."""
    sums = [b"%d" % (5 + amount), b"%d" % (6 + amount)]
    return [b'"x"', 2, 3, *sums, True, None, True, False]


async def take_and_free(backend: AsyncBackend) -> tuple[bool, ...]:
    """Take a lock, keep it, and free it."""
    taken = await backend.acquire("lock", "me", 60_000)
    ahead = await backend.line_up("lock", "another", 60_000)
    return (
        isinstance(taken, int),
        ahead == 0,
        await backend.line_up("lock", "another", 0) == 0,
        await backend.acquire("lock", "another", 60_000) == "me",
        await backend.renew("lock", "me", 60_000),
        await backend.release("lock", "me"),
        await backend.release("lock", "me"),
    )


COMMITTED: dict[str, Any] = {"list": [b"0", b'"y"', b"1"], "float": None, "new": [b"1"]}
SWAP = (Holds("number", b"5"), Unlocked("turn", "me")), (Put("number", b"6"),)
CHANGES = [
    change("put", lambda b: b.put("value", b"2", None), None, value=b"2"),
    change("put a list", lambda b: b.put("value", [b"1"], None), None, value=[b"1"]),
    change("put for a time", lambda b: b.put("new", b"1", 100_000), None, new=b"1"),
    change("put, kept", lambda b: b.put("value", b"2", 0), None, value=b"2"),
    change("push", lambda b: b.apply(Push("list", b"3")), 3, list=[b'"x"', b'"y"', b"3"]),
    change("pop", lambda b: b.apply(Pop("list")), b'"x"', list=[b'"y"']),
    change("delete", lambda b: b.apply(Delete("float")), True, float=None),
    change("add an int", lambda b: b.apply(Add("number", 2)), b"7", number=b"7"),
    change("add a float", lambda b: b.apply(Add("float", 0.25)), b"0.75", float=b"0.75"),
    change(
        "add 2**70",
        lambda b: b.apply(Add("number", 2**70)),
        b"%d" % (2**70 + 5),
        number=b"%d" % (2**70 + 5),
    ),
    change("expire", lambda b: b.apply(Expire("value", 100_000)), True),
    change("clear", lambda b: b.clear(), None, **dict.fromkeys(BEFORE)),
    change("swap", lambda b: b.commit(*SWAP), [None], number=b"6"),
    change("a commit", commit_many, many(2), **COMMITTED, number=b"8"),
    change(
        "a commit with 2**70",
        lambda b: commit_many(b, 2**70),
        many(2**70),
        **COMMITTED,
        number=b"%d" % (2**70 + 6),
    ),
    change("put, fenced", lambda b: fenced(b).put("value", b"2", None), None, value=b"2"),
    change("add, fenced", lambda b: fenced(b).apply(Add("number", 2)), b"7", number=b"7"),
    change("a commit, fenced", lambda b: commit_many(fenced(b)), many(2), **COMMITTED, number=b"8"),
]
LOCKS = change("locks", take_and_free, (True, True, True, True, True, True, False))
READS = [
    reading("get", lambda b: b.get("value"), b'{"a":1}'),
    reading("get a list", lambda b: b.get("list"), [b'"x"', b'"y"']),
    reading("get nothing", lambda b: b.get("none"), None),
    reading("read", lambda b: b.read(("number", "none")), [(b"5", None), None]),
    reading("head", lambda b: b.head("list", 1), [b'"x"']),
    reading("exist", lambda b: b.exist(("value", "none")), [True, False]),
    reading("digests", lambda b: b.digests(("none",)), [None]),
    reading("pop nothing", lambda b: b.apply(Pop("none")), None),
    reading("delete nothing", lambda b: b.apply(Delete("none")), False),
]
