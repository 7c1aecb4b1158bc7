"""`watch`, on each backend."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any, TypedDict

import pytest

from graflow.channels.arguments import check_key
from graflow.channels.base import Channel
from graflow.channels.hidden_keys import HiddenKey, kept_key
from graflow.channels.keyed import KeyedChannel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.typed import TypedChannel
from graflow.channels.watching.changes import KeyChange
from graflow.channels.watching.watch import AsyncWatch, Watch
from graflow.exceptions import (
    ChannelError,
    ChannelTypeError,
    ChannelUnavailableError,
    ChannelValueError,
)
from tests.channels.watching.waiters import Waiter, told
from tests.patience import PATIENCE
from tests.servers.server import wait_until

Open = Callable[[str], Channel]


def short(changes: list[KeyChange]) -> list[tuple[str, str]]:
    """Return what changed, without etags."""
    return [(change.key, change.kind) for change in changes]


@pytest.mark.needs_system
def test_what_is_there_comes_first(channel: Channel) -> None:
    """Each key once, with its etag."""
    channel.set("b", 1)
    channel.append("a", 2)
    with channel.watch() as watch:
        assert told(watch, 2) == [
            KeyChange("a", "set", channel.entry("a").etag),
            KeyChange("b", "set", channel.entry("b").etag),
        ]


@pytest.mark.needs_system
def test_without_start_what_is_there_is_known(channel: Channel, open_channel: Open) -> None:
    """What changes after the call is told, even before anybody asks."""
    channel.set_many({"a": 1, "b": 2})
    with channel.watch(start=False) as watch:
        open_channel("test").set("b", 3)
        assert short(told(watch, 1)) == [("b", "set")]


@pytest.mark.needs_system
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda channel: channel.set("key", 2), "set"),
        (lambda channel: channel.append("key", 2), "set"),
        (lambda channel: channel.prepend("key", 2), "set"),
        (lambda channel: channel.transact(lambda tx: tx.append("key", 2)), "set"),
        (lambda channel: channel.transact(lambda tx: tx.pop("key")), "set"),
        (lambda channel: channel.pop("key"), "set"),
        (lambda channel: channel.delete("key"), "deleted"),
        (lambda channel: channel.transact(lambda tx: tx.delete("key")), "deleted"),
        (lambda channel: channel.clear(), "deleted"),
        (lambda channel: channel.destroy(), "deleted"),
    ],
)
def test_every_change_is_told(
    channel: Channel, open_channel: Open, change: Callable[[Channel], Any], kind: str
) -> None:
    """Whichever operation of another handle made it."""
    channel.append("key", 0)
    channel.append("key", 1)
    with channel.watch(start=False) as watch:
        change(open_channel("test"))
        (only,) = told(watch, 1)
        assert (only.key, only.kind) == ("key", kind)
        assert only.etag == (channel.entry("key").etag if kind == "set" else None)


@pytest.mark.needs_system
def test_an_expired_key_is_deleted(channel: Channel, advance: Callable[[float], None]) -> None:
    """Though nobody reads it."""
    channel.set("key", 1, ttl=60)
    channel.set("other", 1)
    with channel.watch(start=False) as watch, Waiter(lambda: next(watch)) as waiter:
        advance(61)
        assert waiter.result() == ("key", "deleted", None)


@pytest.mark.needs_system
def test_a_key_that_is_to_expire_later_than_it_was(
    channel: Channel, advance: Callable[[float], None]
) -> None:
    """Is not told to be gone, nor that its time has changed."""
    channel.set("key", 1, ttl=60)
    with channel.watch(start=False) as watch, Waiter(lambda: next(watch)) as waiter:
        channel.persist("key")
        advance(61)
        channel.set("other", 1)
        assert waiter.result().key == "other"


@pytest.mark.needs_system
def test_changes_are_told_together(channel: Channel) -> None:
    """Of several changes of a key the last one counts, and of none that leaves it as it was."""
    channel.set("same", 1)
    with channel.watch(start=False) as watch:
        for number in range(10):
            channel.set("key", number)
        channel.set("same", 2)
        channel.set("same", 1)
        channel.set("gone", 1)
        channel.delete("gone")
        assert told(watch, 1) == [KeyChange("key", "set", channel.entry("key").etag)]
        channel.set("last", 1)
        assert short(told(watch, 1)) == [("last", "set")]


@pytest.mark.needs_system
def test_an_etag_stores_what_follows(channel: Channel) -> None:
    """As long as nobody has changed the key."""
    with channel.watch("key") as watch:
        channel.set("key", 1)
        (change,) = told(watch, 1)
        assert change.etag is not None
        channel.set("key", 2, if_etag=change.etag)
        assert channel.get("key") == 2


@pytest.mark.needs_system
def test_one_key(channel: Channel) -> None:
    """Others are none of its business."""
    with channel.watch("key") as watch:
        channel.set_many({"a": 1, "key2": 2, "ke": 3})
        channel.set("key", 1)
        assert short(told(watch, 1)) == [("key", "set")]


@pytest.mark.needs_system
def test_a_prefix(channel: Channel) -> None:
    """A key that begins with a NUL, and one that is just the prefix, count as well."""
    with channel.watch(prefix="\0a") as watch:
        channel.set_many({"a": 1, "\0": 1, "\0a": 2, "\0ab": 3, "\0A": 4})
        assert short(told(watch, 2)) == [("\0a", "set"), ("\0ab", "set")]


@pytest.mark.needs_system
def test_hidden_keys_are_not_told(channel: Channel) -> None:
    """They are no user's."""
    with channel.watch() as watch:
        channel.set(HiddenKey(kept_key("kind", "name")), 1)
        channel.set(HiddenKey("\0run:1:key"), 1)
        channel.set("key", 1)
        assert short(told(watch, 1)) == [("key", "set")]


@pytest.mark.needs_system
def test_other_channels_are_not_told(channel: Channel, open_channel: Open) -> None:
    """Even if their names begin as this one's."""
    with channel.watch() as watch:
        open_channel("test2").set("a", 1)
        open_channel("tes").set("b", 1)
        channel.set("key", 1)
        assert short(told(watch, 1)) == [("key", "set")]


class Job(TypedDict):
    """Keys of a job."""

    state: str
    parts: list[int]


@pytest.mark.needs_system
def test_typed_and_keyed_channels(channel: Channel) -> None:
    """A typed one tells of all keys, a keyed one of its own."""
    keyed = KeyedChannel(channel, Job)
    with (
        TypedChannel(channel, int).watch() as all_of_them,
        keyed.watch() as own,
        keyed.watch("parts") as one,
        keyed.watch(prefix="s") as some,
    ):
        channel.set("other", 1)
        keyed.append("parts", 1)
        keyed.set("state", "new")
        assert short(told(all_of_them, 3)) == [("other", "set"), ("parts", "set"), ("state", "set")]
        assert short(told(own, 2)) == [("parts", "set"), ("state", "set")]
        assert short(told(one, 1)) == [("parts", "set")]
        assert short(told(some, 1)) == [("state", "set")]
    with pytest.raises(ChannelValueError, match="no key"):
        keyed.watch("part")  # type: ignore[graflow-key-unknown]


@pytest.mark.parametrize("arguments", [{"key": "a", "prefix": "b"}, {"prefix": 1}, {"key": 1}])
def test_arguments_that_are_none(channel: Channel, arguments: Any) -> None:
    """A key or a prefix, of text."""
    with pytest.raises(ChannelTypeError):
        channel.watch(**arguments)


def test_a_closed_watch_has_ended(channel: Channel) -> None:
    """And is told nothing any more."""
    channel.set("key", 1)
    with channel.watch() as watch:
        assert list(zip(range(1), watch, strict=False))
    assert list(watch) == []
    assert not channel.backend.signals().has_listeners


def waits(watch: Watch | AsyncWatch) -> bool:
    """Tell whether somebody waits for its next change."""
    return watch._news._waker is not None


@pytest.mark.needs_system
def test_a_watch_is_closed_while_somebody_waits(channel: Channel) -> None:
    """In another thread, which comes to its end."""
    watch = channel.watch(start=False)
    with Waiter(lambda: list(watch)) as waiter:
        wait_until("it waits", lambda: waits(watch))
        watch.close()
        assert waiter.result() == []


def test_a_watch_is_closed_while_another_task_waits(channel: Channel) -> None:
    """The task comes to its end."""

    async def main() -> None:
        watch = channel.aio.watch(start=False)
        waiting = asyncio.ensure_future(_all_of(watch))
        while not waits(watch):
            await asyncio.sleep(0)
        await watch.close()
        assert await asyncio.wait_for(waiting, PATIENCE) == []

    asyncio.run(main())


async def _all_of(watch: AsyncWatch) -> list[KeyChange]:
    return [change async for change in watch]


@pytest.mark.needs_system
def test_two_threads_ask_one_watch(channel: Channel) -> None:
    """The second is refused, and the first is told what comes."""
    with channel.watch(start=False) as watch, Waiter(lambda: next(watch)) as waiter:
        wait_until("it waits", lambda: waits(watch))
        with pytest.raises(ChannelError, match="another thread or task"):
            next(watch)
        channel.set("key", 1)
        assert waiter.result().key == "key"
        channel.set("key", 2)
        assert short(told(watch, 1)) == [("key", "set")]


def test_two_tasks_ask_one_watch(channel: Channel) -> None:
    """The second is refused, and one that was cancelled holds nobody up."""

    async def main() -> None:
        async with channel.aio.watch(start=False) as watch:
            waiting = asyncio.ensure_future(anext(watch))
            while not waits(watch):
                await asyncio.sleep(0)
            with pytest.raises(ChannelError, match="another thread or task"):
                await anext(watch)
            waiting.cancel()
            await asyncio.wait([waiting])
            await channel.aio.set("key", 1)
            assert (await asyncio.wait_for(anext(watch), PATIENCE)).key == "key"

    asyncio.run(main())


@pytest.mark.needs_system
def test_the_channel_is_closed_while_others_wait(channel: Channel, open_channel: Open) -> None:
    """They are told that they wait in vain; in memory `close` does nothing, and they go on."""
    watch, signals = channel.watch(start=False), channel.backend.signals()
    waiters = [
        Waiter(lambda: next(watch).key),
        Waiter(lambda: channel.wait_for("key")),
        Waiter(lambda: channel.pop("list", timeout=PATIENCE)),
    ]
    keys = [check_key("key"), check_key("list")]
    wait_until("they wait", lambda: waits(watch) and all(map(signals._to_one.get, keys)))
    channel.close()
    if isinstance(channel, MemoryChannel):
        open_channel("test").set("key", 1)
        assert [waiters[0].result(), waiters[1].result()] == ["key", 1]
        open_channel("test").append("list", 2)
        assert waiters[2].result() == 2
        return
    for waiter in waiters:
        with pytest.raises(ChannelUnavailableError, match="this handle on the channel is closed"):
            waiter.result()


@pytest.mark.needs_system
def test_a_watch_that_nobody_has_any_more(channel: Channel) -> None:
    """Leaves nothing behind."""
    watch = channel.watch()
    channel.set("key", 1)
    told(watch, 1)
    assert channel.backend.signals().has_listeners
    del watch
    gc.collect()
    assert not channel.backend.signals().has_listeners


@pytest.mark.needs_system
def test_nobody_asks_for_many_changes(channel: Channel) -> None:
    """They are not piled up, and the latest is told."""
    with channel.watch(start=False) as watch:
        for number in range(2_500):
            channel.set("key", number)
        assert len(watch._news._unseen) < 1_100
        assert told(watch, 1) == [KeyChange("key", "set", channel.entry("key").etag)]
