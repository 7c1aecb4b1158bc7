"""Transactions: several operations at one moment, or none, on every backend."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, TypedDict

import pytest

from graflow.channels.base import Channel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.transactions import Transaction
from graflow.channels.typed import TypedChannel
from graflow.exceptions import (
    ChannelConflictError,
    ChannelKeyError,
    ChannelOverflowError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
)
from tests.servers import Server

Open = Callable[[str], Channel]


def test_all_of_it_happens(channel: Channel) -> None:
    """And what it returns is returned."""
    channel.set("list", [1, 2])
    channel.set("number", 1)
    channel.set("old", 1)

    def change(tx: Transaction) -> str:
        tx.set("new", "value", ttl=600)
        tx.append("list", 3)
        tx.prepend("list", 0)
        assert tx.pop("list") == 0
        tx.atomic_add("number", 2)
        tx.delete("old")
        tx.set_many({"a": 1, "b": [2]})
        assert tx.add("c", 3)
        assert not tx.add("a", 3)
        return "done"

    assert channel.transact(change) == "done"
    assert sorted(channel.keys()) == ["a", "b", "c", "list", "new", "number"]
    assert channel.get_many(["new", "list", "number", "a", "b", "c"]) == {
        "new": "value",
        "list": [1, 2, 3],
        "number": 3,
        "a": 1,
        "b": [2],
        "c": 3,
    }
    left = channel.ttl("new")
    assert left is not None
    assert 590 < left <= 600


def test_it_sees_its_own_writes_and_others_do_not(open_channel: Open) -> None:
    """Until it is over."""
    channel, other = open_channel("c"), open_channel("c")
    channel.set("a", 1)

    def change(tx: Transaction) -> None:
        tx.set("a", 2)
        tx.append("list", 1)
        tx.atomic_add("n", 5)
        assert tx.get("a") == 2
        assert tx.get("list") == [1]
        assert tx.get("n") == 5
        assert sorted(tx.keys()) == ["a", "list", "n"]
        assert tx.ttl("a") is None
        assert tx.touch("a", 50)
        assert tx.ttl("a") == 50
        assert tx.exists("n")
        assert "n" in tx
        assert other.get("a") == 1
        assert other.keys() == ["a"]

    channel.transact(change)
    assert other.get("a") == 2


def test_what_raises_changes_nothing(channel: Channel) -> None:
    """The error is passed on."""
    channel.set("a", 1)

    def fail(tx: Transaction) -> None:
        tx.set("a", tx.get("a") + 1)
        raise LookupError("as planned")

    with pytest.raises(LookupError, match="as planned"):
        channel.transact(fail)
    assert channel.get("a") == 1


def test_what_was_read_must_not_have_changed(open_channel: Open) -> None:
    """Else it runs again, on what is there then."""
    channel, other = open_channel("c"), open_channel("c")
    channel.set_many({"a": 1, "b": [1]})
    seen: list[Any] = []

    def change(tx: Transaction) -> int:
        seen.append((tx.get("a"), tx.get("b"), tx.exists("c"), sorted(tx.keys())))
        turn = len(seen)
        if turn == 1:
            other.set("a", 2)
        elif turn == 2:
            other.append("b", 2)
        elif turn == 3:
            other.set("c", 1)
        tx.set("d", turn)
        return turn

    assert channel.transact(change) == 4
    assert seen == [
        (1, [1], False, ["a", "b"]),
        (2, [1], False, ["a", "b"]),
        (2, [1, 2], False, ["a", "b"]),
        (2, [1, 2], True, ["a", "b", "c"]),
    ]
    assert channel.get("d") == 4


def test_writes_alone_are_never_in_conflict(open_channel: Open) -> None:
    """Nor is what they return, unless somebody looks at it."""
    channel, other = open_channel("c"), open_channel("c")
    channel.set("n", 1)
    calls = 0

    def change(tx: Transaction) -> tuple[int, int | float]:
        nonlocal calls
        calls += 1
        length, number = tx.append("list", "mine"), tx.atomic_add("n", 10)
        tx.delete("gone")
        tx.set("set", 1)
        other.append("list", "theirs")
        other.atomic_add("n", 100)
        other.set("gone", 1)
        other.set("set", 2)
        return length, number

    length, number = channel.transact(change)
    assert calls == 1
    assert (length, number) == (2, 111)
    assert f"{length} {number:.1f}" == "2 111.0"
    assert channel.get("list") == ["theirs", "mine"]
    assert channel.get("n") == 111
    assert channel.get("set") == 1
    assert not channel.exists("gone")


def test_a_number_that_was_looked_at_is_guarded(open_channel: Open) -> None:
    """So tickets are given out once each."""
    channel, other = open_channel("c"), open_channel("c")
    calls = 0

    def draw(tx: Transaction) -> int:
        nonlocal calls
        calls += 1
        ticket = int(tx.atomic_add("ticket"))
        if calls == 1:
            other.atomic_add("ticket")
        tx.set(f"ticket {ticket}", "mine")
        return ticket

    assert channel.transact(draw) == 2
    assert calls == 2
    assert sorted(channel.keys()) == ["ticket", "ticket 2"]


def test_pop_minds_the_head_of_a_list_alone(open_channel: Open) -> None:
    """A queue to which others append meanwhile is no conflict; one from which they pop is."""
    channel, other = open_channel("c"), open_channel("c")
    channel.set("queue", ["a", "b", "c"])
    calls = 0

    def take(tx: Transaction) -> list[str]:
        nonlocal calls
        calls += 1
        other.append("queue", "more")
        taken = [tx.pop("queue"), tx.pop("queue")]
        if calls == 1:
            other.pop("queue")
        tx.set("taken", taken)
        return taken

    assert channel.transact(take) == ["b", "c"]
    assert calls == 2
    assert channel.get("queue") == ["more", "more"]


def test_a_change_that_does_not_fit_refuses_all(channel: Channel) -> None:
    """Whether it is seen at once or only by the server."""
    channel.set_many({"text": "text", "list": [1], "huge": 1e308})
    cases: list[tuple[Callable[[Transaction], object], type[Exception]]] = [
        (lambda tx: tx.append("text", 1), ChannelTypeError),
        (lambda tx: (tx.get("text"), tx.append("text", 1)), ChannelTypeError),
        (lambda tx: tx.atomic_add("list"), ChannelTypeError),
        (lambda tx: tx.atomic_add("huge", 1e308), ChannelOverflowError),
        (lambda tx: tx.pop("text"), ChannelTypeError),
        (lambda tx: tx.get("missing") or tx.ttl("missing"), ChannelKeyError),
    ]
    for change, error in cases:

        def both(tx: Transaction, change: Callable[[Transaction], object] = change) -> None:
            tx.set("first", 1)
            change(tx)
            tx.set("last", 1)

        with pytest.raises(error):
            channel.transact(both)
        assert sorted(channel.keys()) == ["huge", "list", "text"]


def test_sums_of_any_size_are_exact(channel: Channel) -> None:
    """Also those that no server can find."""
    channel.set_many({"a": 2**70, "b": 2**62, "c": 0.1})

    def add(tx: Transaction) -> None:
        tx.atomic_add("a", 1)
        tx.atomic_add("b", 2**62)
        tx.atomic_add("c", 0.2)
        tx.atomic_add("d", 2**53 + 1)
        tx.append("log", 1)

    channel.transact(add)
    assert channel.get_many(list("abcd")) == {
        "a": 2**70 + 1,
        "b": 2**63,
        "c": 0.1 + 0.2,
        "d": 2**53 + 1,
    }
    assert channel.get("log") == [1]


class Account(TypedDict):
    """Some money."""

    owner: str
    cents: int


def test_schemas_in_front_of_a_transaction(channel: Channel) -> None:
    """Refuse what does not fit, and then nothing happens."""
    accounts = TypedChannel(channel, Account)
    accounts.set("a", {"owner": "Ann", "cents": 10})

    def pay(tx: Transaction) -> int:
        typed = tx.typed(Account)
        typed.update("a", lambda account: {**account, "cents": account["cents"] - 4})
        typed.set("b", {"owner": "Bob", "cents": 4})
        tx.keyed(Limits).set("limit", 5)
        return typed.get("a")["cents"]

    assert channel.transact(pay) == 6
    assert accounts.get("b")["cents"] == 4
    assert channel.get("limit") == 5

    def misfit(tx: Transaction) -> None:
        tx.set("c", 1)
        tx.typed(Account).set("b", {"owner": "Bob"})  # type: ignore[typeddict-item]

    with pytest.raises(ChannelValidationError):
        channel.transact(misfit)
    assert not channel.exists("c")


class Limits(TypedDict):
    """Keys of a channel."""

    limit: int


def test_what_a_transaction_can_not_do(channel: Channel) -> None:
    """Each says what to do instead."""

    async def coroutine(tx: Transaction) -> None:
        pass

    kept: list[Transaction] = []
    with pytest.raises(ChannelTypeError, match="around it"), channel.lock("key", timeout=0):
        channel.transact(lambda tx: tx.lock("key").acquire())
    with pytest.raises(ChannelTypeError, match="coroutine function"):
        _ = channel.transact(coroutine)
    channel.transact(kept.append)
    with pytest.raises(ChannelTypeError, match="is over"):
        kept[0].get("key")
    wrong: list[tuple[Any, type[Exception]]] = [(0, ChannelValueError), (True, ChannelTypeError)]
    wrong.append(("1", ChannelTypeError))
    for attempts, error in wrong:
        with pytest.raises(error, match="attempts must be"):
            channel.transact(kept.append, attempts=attempts)
    assert channel.transact(lambda tx: tx.transact(lambda inner: inner is tx))


def test_attempts_are_bounded(open_channel: Open) -> None:
    """By their number, or by time."""
    channel, other = open_channel("c"), open_channel("c")
    calls = 0

    def overtaken(tx: Transaction) -> None:
        nonlocal calls
        calls += 1
        tx.get("key")
        other.set("key", calls)
        tx.set("mine", calls)

    with pytest.raises(ChannelConflictError, match="3 attempts") as caught:
        channel.transact(overtaken, attempts=3)
    assert (caught.value.channel, caught.value.key) == (channel.name, "key")
    assert calls == 3
    with pytest.raises(ChannelConflictError, match=r"in at most 0\.3 s"):
        channel.transact(overtaken, timeout=0.3)
    assert calls > 4
    assert channel.keys() == ["key"]


def test_an_error_on_what_was_read_at_two_moments_is_not_passed_on(open_channel: Open) -> None:
    """The transaction runs again, as it may have seen what never was."""
    channel, other = open_channel("c"), open_channel("c")
    channel.set_many({"a": 1, "b": 1})
    calls = 0

    def check(tx: Transaction) -> int:
        nonlocal calls
        calls += 1
        first = tx.get("a")
        if calls == 1:
            other.set_many({"a": 2, "b": 2})
        assert tx.get("b") == first, "they are always the same"
        return int(first)

    assert channel.transact(check) == 2


def transfer(channel: Channel, number: int) -> None:
    """Move money around, in a circle that depends on the number."""
    for step in range(25):
        source, target = f"account {(number + step) % 4}", f"account {(number * 3 + step + 1) % 4}"

        def move(tx: Transaction, source: str = source, target: str = target) -> None:
            amount = min(3, tx.get(source))
            tx.update(source, lambda cents: cents - amount)
            tx.update(target, lambda cents: cents + amount)

        channel.transact(move)


@pytest.mark.needs_system
def test_money_is_neither_made_nor_lost_by_threads(open_channel: Open) -> None:
    """And nobody ever sees a part of a transfer."""
    open_channel("c").set_many({f"account {number}": 100 for number in range(4)})
    done = threading.Event()
    sums: set[int] = set()

    def audit() -> None:
        channel = open_channel("c")
        while not done.is_set():
            found = channel.get_many(f"account {number}" for number in range(4))
            sums.add(sum(found.values()))

    auditor = threading.Thread(target=audit)
    auditor.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(transfer, [open_channel("c") for _ in range(4)], range(4)))
    finally:
        done.set()
        auditor.join()
    assert sums == {400}


@pytest.mark.needs_system
def test_money_is_neither_made_nor_lost_by_processes(servers: Callable[[str], Server]) -> None:
    """Which share a server."""
    spawn: Any = multiprocessing.get_context("spawn")
    with (
        RedisChannel("a bank", url=servers("valkey-9").url) as channel,
        ProcessPoolExecutor(4, mp_context=spawn) as pool,
    ):
        channel.set_many({f"account {number}": 100 for number in range(4)})
        list(pool.map(transfer, [channel] * 4, range(4)))
        assert sum(channel.get(f"account {number}") for number in range(4)) == 400


def test_what_raises_in_its_turn_raises(
    open_channel: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once: the turn that it has itself is not in its way."""
    monkeypatch.setattr("graflow.channels.operation.attempts._EAGER", -1.0)
    channel, other = open_channel("c"), open_channel("c")
    calls = 0

    def fail(tx: Transaction) -> None:
        nonlocal calls
        calls += 1
        tx.get("a")
        if calls == 1:
            other.set("a", 1)
        raise LookupError("as planned")

    with pytest.raises(LookupError, match="as planned"):
        channel.transact(fail)
    assert calls == 2


def test_who_meets_the_turn_of_another_waits_for_that_turn(
    open_channel: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not for one of its own making, so they go on one after the other."""
    monkeypatch.setattr("graflow.channels.operation.attempts._EAGER", -1.0)
    channel, other = open_channel("c"), open_channel("c")
    assert not isinstance(other.backend.acquire("\0turn a", "somebody", 60_000), str)
    asked: list[str] = []
    acquire = type(channel.backend).acquire

    def noted(self: Any, lock: str, *args: Any) -> Any:
        asked.append(lock)
        return acquire(self, lock, *args)

    monkeypatch.setattr(type(channel.backend), "acquire", noted)
    with pytest.raises(ChannelConflictError, match="'a'"):
        channel.transact(lambda tx: tx.set("b", tx.get("a")), timeout=0.3)
    assert set(asked) == {"\0turn a"}
