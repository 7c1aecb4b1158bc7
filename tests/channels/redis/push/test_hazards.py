"""News that the network cuts, and brings in pieces or between replies: nobody misses a change."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import repeat

import pytest

from graflow.channels.redis_channel import RedisChannel
from tests.channels.watching.waiters import Waiter
from tests.hazards import Hazard, MessageProxy, Trouble, is_push
from tests.patience import PATIENCE
from tests.servers import Server
from tests.servers.server import wait_until

KEYS = [f"key {number}" for number in range(10)]
ENOUGH = 8  # pieces of news that trouble befalls
OTHERS = 5  # channels that others begin to wait on meanwhile, so that replies come between the news


@pytest.mark.parametrize(
    ("trouble", "counts", "gap"),
    [
        (Trouble.CUT_BEFORE, is_push, 3),
        (Trouble.CUT_WITHIN, is_push, 3),
        (Trouble.HALVE, is_push, 1),
        (Trouble.HALVE, bool, 3),
        (Trouble.CUT_WITHIN, bool, 23),
    ],
    ids=["cut before", "cut within", "halved", "replies halved as well", "replies cut as well"],
)
def test_nobody_misses_a_change(
    emptied: Server, trouble: Trouble, counts: Callable[[bytes], bool], gap: int
) -> None:
    """Those who watch, wait, pop or read from a cache know in the end what is there."""
    hazard = Hazard(trouble, repeat(gap, ENOUGH), counts)
    with ExitStack() as stack:
        proxy = stack.enter_context(MessageProxy(emptied, replies=hazard))
        open_at = partial(_opened, stack)
        writer, reader = open_at(emptied.url), open_at(proxy.url, cache=True)
        popping = [
            Waiter(partial(open_at(proxy.url).pop, f"queue {number}", None, PATIENCE))
            for number in range(OTHERS)
        ]
        known: dict[str, str | None] = {}
        done = threading.Event()
        watch = stack.enter_context(open_at(proxy.url).watch())

        def follow() -> None:
            while not done.is_set():
                change = next(watch)
                known[change.key] = change.etag

        following = Waiter(follow)
        waiting = _change_until_enough(
            writer, reader, hazard, lambda name: open_at(proxy.url, name)
        )
        for number in range(OTHERS):
            writer.append(f"queue {number}", number)
            open_at(emptied.url, f"other {number}").set("key", number)
        assert [each.result() for each in popping] == list(range(OTHERS))
        assert [each.result() for each in waiting] == list(range(OTHERS))
        wait_until("all is told", lambda: [*map(known.get, KEYS)] == writer.backend.digests(KEYS))
        for key in KEYS:
            wait_until("it is read", partial(_agree, reader, writer, key))
        done.set()
        writer.set("last", 1)
        following.result()


def _opened(stack: ExitStack, url: str, name: str = "test", *, cache: bool = False) -> RedisChannel:
    return stack.enter_context(RedisChannel(name, url=url, timeout=60, cache=cache))


def _agree(one: RedisChannel, other: RedisChannel, key: str) -> bool:
    return bool(one.get(key) == other.get(key))


def _change_until_enough(
    writer: RedisChannel,
    reader: RedisChannel,
    hazard: Hazard,
    open_other: Callable[[str], RedisChannel],
) -> list[Waiter]:
    """Change keys until trouble has befallen enough, and have others wait on channels meanwhile."""
    chance = random.Random(5)
    waiting: list[Waiter] = []

    def change() -> bool:
        for _ in range(10):
            key = chance.choice(KEYS)
            if chance.randrange(4):
                writer.set(key, chance.random())
            else:
                writer.delete(key)
            reader.get(key)
        if len(waiting) < OTHERS:
            other = open_other(f"other {len(waiting)}")
            waiting.append(Waiter(partial(other.wait_for, "key", None, PATIENCE)))
        return hazard.befallen >= ENOUGH and len(waiting) == OTHERS

    wait_until("trouble has befallen enough", change)
    return waiting
