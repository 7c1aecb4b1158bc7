"""`wait_for` and `pop` with a timeout, on each backend."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict

import pytest

from graflow.channels.backend.signals import WaitingLine
from graflow.channels.base import Channel
from graflow.channels.keyed import KeyedChannel
from graflow.channels.transactions import Transaction
from graflow.channels.typed import TypedChannel
from graflow.exceptions import (
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
)
from tests.channels.watching.waiters import Waiter
from tests.patience import PATIENCE
from tests.servers.server import wait_until

Open = Callable[[str], Channel]


def is_awaited(channel: Channel) -> None:
    """Wait until somebody waits for a change of the channel."""
    wait_until("somebody waits", lambda: channel.backend.signals().has_listeners)


def stands(line: WaitingLine, count: int) -> bool:
    """Tell whether so many stand in a line."""
    return len(line) == count


def test_a_value_that_is_there_is_returned_at_once(channel: Channel) -> None:
    """Even by who does not wait at all; a stored `None` is a value."""
    channel.set("key", None)
    assert channel.wait_for("key", timeout=0) is None


@pytest.mark.needs_system
def test_a_value_of_another_handle_ends_the_wait(channel: Channel, open_channel: Open) -> None:
    """Whoever stores it."""
    with Waiter(lambda: channel.wait_for("key", timeout=PATIENCE)) as waiter:
        is_awaited(channel)
        open_channel("test").set("another", 1)
        assert waiter.waits
        open_channel("test").set("key", [1])
        assert waiter.result() == [1]
    assert not channel.backend.signals().has_listeners


@pytest.mark.needs_system
@pytest.mark.parametrize(
    "change",
    [
        lambda channel: channel.set_many({"key": 1}),
        lambda channel: channel.add("key", 1),
        lambda channel: channel.atomic_add("key"),
        lambda channel: channel.update("key", lambda old: old + 1, 0),
        lambda channel: channel.transact(lambda tx: tx.set("key", 1)),
        lambda channel: channel.set("key", 1, ttl=600),
    ],
)
def test_every_way_to_store_a_value_wakes(
    channel: Channel, open_channel: Open, change: Callable[[Channel], Any]
) -> None:
    """As `set` does."""
    with Waiter(lambda: channel.wait_for("key", timeout=PATIENCE)) as waiter:
        is_awaited(channel)
        change(open_channel("test"))
        assert waiter.result() == 1


@pytest.mark.needs_system
def test_a_predicate_chooses_the_value(channel: Channel, open_channel: Open) -> None:
    """It is called with each value that is seen."""
    seen: list[object] = []

    def is_three(value: int) -> bool:
        seen.append(value)
        return value == 3

    channel.set("key", 1)
    with Waiter(lambda: channel.wait_for("key", is_three, PATIENCE)) as waiter:
        is_awaited(channel)
        other = open_channel("test")
        for number in (2, 3):
            other.set("key", number)
        assert waiter.result() == 3
    assert seen[0] == 1
    assert seen[-1] == 3


def test_an_error_of_the_predicate_ends_the_wait(channel: Channel) -> None:
    """And nobody waits any more."""
    channel.set("key", 0)
    with pytest.raises(ZeroDivisionError):
        channel.wait_for("key", lambda value: 1 / value)
    assert not channel.backend.signals().has_listeners


def test_a_predicate_must_answer(channel: Channel) -> None:
    """A coroutine function can't."""

    async def never(value: object) -> bool:
        return False

    channel.set("key", 0)
    with pytest.raises(ChannelTypeError, match="plain function"):
        channel.wait_for("key", never)


@pytest.mark.parametrize("timeout", [0, 0.01, timedelta(milliseconds=10)])
def test_the_time_is_over(channel: Channel, timeout: Any) -> None:
    """The error names the channel, the key and the time."""
    channel.set("key", 1)
    with pytest.raises(ChannelTimeoutError, match=r"'other' of channel 'test' held nothing") as one:
        channel.wait_for("other", timeout=timeout)
    assert (one.value.channel, one.value.key) == ("test", "other")
    with pytest.raises(ChannelTimeoutError, match=r"the predicate is true of for 0(\.01)? s"):
        channel.wait_for("key", lambda value: False, timeout)


@pytest.mark.parametrize("timeout", [-1, math.nan, -math.inf])
def test_a_time_that_is_none(channel: Channel, timeout: float) -> None:
    """Is refused before anything is read."""
    with pytest.raises(ChannelValueError, match="timeout"):
        channel.wait_for("key", timeout=timeout)
    with pytest.raises(ChannelValueError, match="timeout"):
        channel.pop("key", timeout=timeout)
    with pytest.raises(ChannelTypeError, match="timeout"):
        channel.pop("key", timeout="1")  # type: ignore[arg-type]


@pytest.mark.needs_system
def test_typed_channels_wait_for_what_fits(channel: Channel, open_channel: Open) -> None:
    """What does not fit is an error, and stays."""
    typed = TypedChannel(channel, int)
    with Waiter(lambda: typed.wait_for("key", lambda value: value > 1, PATIENCE)) as waiter:
        is_awaited(channel)
        open_channel("test").set("key", 2)
        assert waiter.result() == 2
    channel.set("key", "text")
    with pytest.raises(ChannelValidationError):
        typed.wait_for("key")
    assert channel.get("key") == "text"


class Job(TypedDict):
    """Keys of a job."""

    state: str
    parts: list[int]


@pytest.mark.needs_system
def test_keyed_channels_wait_for_their_keys(channel: Channel, open_channel: Open) -> None:
    """And for items of their lists; other keys are refused."""
    keyed = KeyedChannel(channel, Job)
    with (
        Waiter(lambda: keyed.wait_for("state", timeout=PATIENCE)) as state,
        Waiter(lambda: keyed.pop("parts", timeout=PATIENCE)) as part,
    ):
        other = KeyedChannel(open_channel("test"), Job)
        other.set("state", "done")
        other.append("parts", 4)
        assert (state.result(), part.result()) == ("done", 4)
    with pytest.raises(ChannelValueError, match="no key"):
        keyed.wait_for("stat", timeout=0)  # type: ignore[graflow-key-unknown]


def test_a_transaction_does_not_wait(channel: Channel) -> None:
    """It may look, and take what is there."""

    def look(tx: Transaction) -> Any:
        return tx.wait_for("key", timeout=0), tx.pop("list", timeout=0), tx.pop("list")

    channel.set("key", 1)
    channel.append("list", 2)
    assert channel.transact(look) == (1, 2, None)
    for wait in (
        lambda tx: tx.pop("list", timeout=1),
        lambda tx: tx.wait_for("key"),
        lambda tx: tx.watch(),
    ):
        with pytest.raises(ChannelTypeError, match="transaction can't wait"):
            channel.transact(wait)


@pytest.mark.needs_system
def test_pop_waits_for_an_item(channel: Channel, open_channel: Open) -> None:
    """As long as there is none."""
    with Waiter(lambda: channel.pop("key", timeout=math.inf)) as waiter:
        is_awaited(channel)
        open_channel("test").append("key", [1])
        assert waiter.result() == [1]
    assert not channel.exists("key")


@pytest.mark.parametrize("timeout", [None, 0, 0.01])
def test_pop_without_an_item(channel: Channel, timeout: Any) -> None:
    """Returns the default when the time is over."""
    assert channel.pop("key", "none", timeout) == "none"
    assert channel.pop("key", timeout=timeout) is None


def test_pop_of_what_is_no_list(channel: Channel) -> None:
    """Is refused, however long one would wait."""
    channel.set("key", 1)
    with pytest.raises(ChannelTypeError, match="pop"):
        channel.pop("key", timeout=math.inf)


@pytest.mark.needs_system
def test_typed_pop_leaves_what_does_not_fit(channel: Channel, open_channel: Open) -> None:
    """At the head of the list, where the next one finds it."""
    typed = TypedChannel(channel, int)
    waiter = Waiter(lambda: typed.pop("key", timeout=PATIENCE))
    is_awaited(channel)
    open_channel("test").append("key", "text")
    with pytest.raises(ChannelValidationError):
        waiter.result()
    assert channel.get("key") == ["text"]


@pytest.mark.needs_system
def test_first_come_first_served(open_channel: Open) -> None:
    """Those of one process get the items in the order in which they came."""
    channel, waiters = open_channel("test"), list[Waiter]()
    line = channel.backend.signals().line("key")
    for number in range(5):
        waiters.append(Waiter(lambda: open_channel("test").pop("key", timeout=PATIENCE)))
        wait_until("it stands in line", partial(stands, line, number + 1))
    channel.transact(lambda tx: [tx.append("key", number) for number in range(3)])
    for number in (3, 4):
        channel.append("key", number)
    assert [waiter.result() for waiter in waiters] == [0, 1, 2, 3, 4]


@pytest.mark.needs_system
def test_who_gives_up_lets_the_next_one_have_the_item(channel: Channel, open_channel: Open) -> None:
    """It neither takes an item, nor holds up those who came later."""
    line = channel.backend.signals().line("key")
    with Waiter(lambda: channel.pop("key", "none", 0.2)) as first:
        wait_until("it stands in line", lambda: len(line) == 1)
        with Waiter(lambda: open_channel("test").pop("key", timeout=PATIENCE)) as second:
            wait_until("both do", lambda: len(line) == 2)
            assert first.result() == "none"
            channel.append("key", 1)
            assert second.result() == 1


@pytest.mark.needs_system
def test_each_item_is_taken_once(open_channel: Open) -> None:
    """By many who wait, some of whom give up at any moment."""
    count, taken, lock = 60, list[int](), threading.Lock()

    def take(number: int) -> None:
        channel = open_channel("test")
        while (item := channel.pop("key", timeout=0.005 * (1 + number % 3))) != "end":
            if item is not None:
                with lock:
                    taken.append(item)

    waiters = [Waiter(partial(take, number)) for number in range(4)]
    source = open_channel("test")
    for number in range(count):
        source.append("key", number)
    for _ in waiters:
        source.append("key", "end")
    for waiter in waiters:
        waiter.result()
    assert sorted(taken) == list(range(count))
    assert not source.exists("key")


def test_a_predicate_is_a_function(channel: Channel) -> None:
    """A number there is meant as a timeout, and would let one wait for ever."""
    wrong: Any = 0.1
    with pytest.raises(ChannelTypeError, match="timeout="):
        channel.wait_for("key", wrong)
    with pytest.raises(ChannelTypeError, match="timeout="):
        asyncio.run(channel.aio.wait_for("key", wrong))
