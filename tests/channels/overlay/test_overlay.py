"""What transactions see of themselves, and what becomes of parts of them that fail."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import pytest

from graflow.channels.aio.async_transaction import AsyncTransaction
from graflow.channels.base import Channel
from graflow.channels.commits.commit import KEEP, Put, Unlocked
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.operation.attempts import turn_name
from graflow.channels.transactions import Transaction
from graflow.exceptions import ChannelConflictError, ChannelTypeError

Open = Callable[[str], Channel]


def test_a_list_that_was_popped_from_is_still_a_key(channel: Channel) -> None:
    """Unless that was its last item."""
    channel.set_many({"long": [1, 2], "short": [1]})

    def change(tx: Transaction) -> list[str]:
        assert (tx.pop("long"), tx.pop("short")) == (1, 1)
        return tx.keys()

    assert channel.transact(change) == ["long"]


def test_keys_follow_what_was_done_last(channel: Channel) -> None:
    """Whatever was done before it."""
    channel.set_many({"popped": [1], "deleted": 1, "touched": 1})

    def change(tx: Transaction) -> list[str]:
        tx.pop("popped")
        tx.append("popped", 2)
        tx.set("deleted", 2)
        tx.touch("deleted", 60)
        tx.delete("deleted")
        tx.touch("deleted", 60)
        tx.persist("touched")
        tx.persist("missing")
        tx.append("new", 1)
        tx.pop("new")
        tx.append("newer", 1)
        return sorted(tx.keys())

    assert channel.transact(change) == ["newer", "popped", "touched"]
    assert sorted(channel.keys()) == ["newer", "popped", "touched"]


def test_who_has_listed_the_keys_knows_what_a_delete_answers(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read for it, on a loop either."""
    channel.set_many({"a": 1, "b": [1]})
    asked = list[Any]()

    def change(tx: Transaction) -> list[bool]:
        assert sorted(tx.keys()) == ["a", "b"]
        with monkeypatch.context() as patch:
            patch.setattr(tx.overlay.inner, "read", asked.append)
            return [bool(tx.delete(key)) for key in ("a", "b", "a", "c")]

    assert channel.transact(change) == [True, True, False, False]

    async def change_awaited(tx: AsyncTransaction) -> list[bool]:
        assert sorted(await tx.keys()) == ["a", "b"]
        backend: Any = tx.backend
        with monkeypatch.context() as patch:
            patch.setattr(backend._inner, "read", asked.append)
            return [bool(await tx.delete(key)) for key in ("a", "b", "a", "c")]

    channel.set_many({"a": 1, "b": [1]})
    assert asyncio.run(channel.aio.transact(change_awaited)) == [True, True, False, False]
    assert channel.keys() == []
    assert asked == []


def test_a_part_that_fails_leaves_nothing(channel: Channel) -> None:
    """A transaction within another one is all or nothing too."""
    channel.set_many({"list": [1, 2], "number": 5, "old": 1})

    def fail(tx: Transaction) -> None:
        tx.set("old", 2)
        tx.set("new", 2)
        tx.append("list", 3)
        tx.atomic_add("number", 1)
        assert tx.get("list") == [1, 2, "before", 3]
        assert tx.pop("list") == 1
        raise LookupError

    def change(tx: Transaction) -> int:
        tx.append("list", "before")
        with pytest.raises(LookupError):
            tx.transact(fail)
        assert tx.get_many(["old", "new", "number"]) == {"old": 1, "number": 5}
        assert tx.get("list") == [1, 2, "before"]
        return tx.append("list", "after")

    assert channel.transact(change) == 4
    assert channel.get("list") == [1, 2, "before", "after"]
    assert channel.get_many(["old", "new", "number"]) == {"old": 1, "number": 5}


def test_what_a_failed_part_returned_never_happened(channel: Channel) -> None:
    """Its answers say so."""
    answers: list[Any] = []

    def fail(tx: Transaction) -> None:
        answers.append(tx.append("list", 1))
        raise LookupError

    def change(tx: Transaction) -> None:
        with pytest.raises(LookupError):
            tx.transact(fail)
        with pytest.raises(ChannelTypeError, match="never happened"):
            int(answers[0])

    channel.transact(change)
    with pytest.raises(ChannelTypeError, match="never happened"):
        int(answers[0])


@pytest.mark.parametrize("look", ["answer", "get", "exists", "pop", "get_many", "entry"])
def test_a_change_that_does_not_fit_is_told_by_whatever_needs_it(
    channel: Channel, look: str
) -> None:
    """As an error of channels, with the key."""
    channel.set("text", "text")

    def change(tx: Transaction) -> None:
        answer = tx.atomic_add("text", 1)
        _LOOKS[look](tx, answer)

    with pytest.raises(ChannelTypeError, match=r"can't add to key 'text'.*not hold a number"):
        channel.transact(change)

    def push(tx: Transaction) -> None:
        answer = tx.append("text", 1)
        _LOOKS[look](tx, answer)

    with pytest.raises(ChannelTypeError, match=r"'text'.*not a list"):
        channel.transact(push)
    assert channel.get("text") == "text"


_LOOKS: dict[str, Callable[[Transaction, int | float], object]] = {
    "answer": lambda _, answer: int(answer),
    "get": lambda tx, _: tx.get("text"),
    "exists": lambda tx, _: tx.exists("text"),
    "pop": lambda tx, _: tx.pop("text"),
    "get_many": lambda tx, _: tx.get_many(["text", "other"]),
    "entry": lambda tx, _: tx.entry("text"),
}


def test_a_misfit_that_was_seen_must_still_be_there(open_channel: Open) -> None:
    """Else the transaction runs again, on what is there then."""
    channel, other = open_channel("c"), open_channel("c")
    channel.set("list", "text")
    calls: list[int] = []

    def change(tx: Transaction) -> object:
        calls.append(1)
        tx.append("list", 1)
        try:
            return tx.pop("list")
        except ChannelTypeError:
            return "no list"
        finally:
            if len(calls) == 1:
                other.delete("list")

    assert channel.transact(change) == 1
    assert len(calls) == 2


def test_it_can_not_be_pickled(channel: Channel) -> None:
    """Another process could do nothing with it."""
    with pytest.raises(ChannelTypeError, match="can't leave its process"):
        channel.transact(pickle.dumps)


def test_long_transactions_take_time_for_each_operation_alone(channel: Channel) -> None:
    """However many there were before: this would take minutes."""
    channel.set("queue", list(range(4_000)))
    channel.set("number", 0)

    def change(tx: Transaction) -> int:
        tx.get("list")
        tx.get("number")
        count = 0
        while tx.pop("queue") is not None:
            count += 1
            tx.append("list", count)
            tx.prepend("list", count)
            tx.atomic_add("number", 1)
        return count

    assert channel.transact(change) == 4_000
    assert channel.get("number") == 4_000
    assert len(channel.get("list")) == 8_000
    assert not channel.exists("queue")


def test_a_list_without_items_is_a_list(channel: Channel) -> None:
    """Wherever it is kept."""
    channel.set("list", [])

    def change(tx: Transaction) -> list[Any]:
        assert tx.get("list") == []
        assert tx.pop("list", "none") == "none"
        tx.append("list", 1)
        tx.prepend("list", 0)
        return [tx.get("list"), tx.pop("list")]

    assert channel.transact(change) == [[0, 1], 0]
    assert channel.get("list") == [1]
    channel.set("list", [])
    other = MemoryChannel()
    other.set("list", [])
    assert channel.entry("list") == other.entry("list")
    channel.set("list", [2], if_etag=other.entry("list").etag)
    assert channel.get("list") == [2]


def test_pops_need_only_what_they_took(open_channel: Open) -> None:
    """Others may change the rest of the list."""
    channel, other = open_channel("c"), open_channel("c")
    channel.set("queue", list(range(100)))
    calls: list[int] = []

    def change(tx: Transaction) -> list[int]:
        calls.append(1)
        taken = [tx.pop("queue") for _ in range(9)]
        other.update("queue", lambda items: [*items[:9], "other", *items[9:]])
        return taken

    assert channel.transact(change) == list(range(9))
    assert len(calls) == 1
    assert channel.get("queue")[:2] == ["other", 9]


def test_an_error_comes_through_when_others_fight_for_the_key(channel: Channel) -> None:
    """Also from an attempt that has its turn."""
    channel.set("key", 0)
    calls: list[str] = []

    def change(tx: Transaction) -> None:
        tx.get("key")
        turn = Unlocked(turn_name("key"), "nobody")
        taken = channel.backend.commit((turn,), (Put("other", b"1", KEEP),))
        if not calls or calls[-1] != "turn":
            calls.append("turn" if not isinstance(taken, list) else "luck")
            channel.atomic_add("key")
            return
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        channel.transact(change)


def test_a_conflict_names_the_key(channel: Channel) -> None:
    """Not the turn that somebody has."""
    channel.set("key", 0)
    channel.backend.acquire(turn_name("key"), "other", 60_000)
    for change in (
        lambda: channel.transact(lambda tx: tx.set("key", tx.get("key") + 1), timeout=0.3),
        lambda: channel.transact(lambda tx: tx.add("key", tx.get("key")), timeout=0.3),
    ):
        with pytest.raises(ChannelConflictError, match="writing to key 'key'") as caught:
            change()
        assert caught.value.key == "key"
    channel.backend.release(turn_name("key"), "other")


def test_any_error_comes_out_as_it_went_in(channel: Channel) -> None:
    """Generators make something else of some errors."""
    for kind in (StopIteration, GeneratorExit, KeyboardInterrupt, SystemExit, RuntimeError):
        error = kind("mine")

        def change(_: object, error: BaseException = error) -> None:
            raise error

        calls: list[Callable[[], object]] = [
            partial(channel.transact, change),
            partial(channel.transact, lambda tx: tx.transact(change)),
            partial(channel.update, "key", change, 0),
            partial(channel.transact, lambda tx: tx.update("key", change, 0)),
        ]
        for call in calls:
            with pytest.raises(kind) as caught:
                call()
            assert caught.value is error
    assert channel.keys() == []


def test_functions_that_would_not_have_run_are_refused(channel: Channel) -> None:
    """On their own, and as a part of a transaction."""

    def generator(tx: Transaction) -> Generator[int]:
        tx.set("key", 1)
        yield 1

    async def coroutine(tx: Transaction) -> None:
        tx.set("key", 1)

    async def both(tx: Transaction) -> Any:
        tx.set("key", 1)
        yield 1

    functions: list[Callable[[Transaction], object]] = [generator, coroutine, both]
    for function in functions:
        with pytest.raises(ChannelTypeError, match="plain function"):
            channel.transact(function)
        with pytest.raises(ChannelTypeError, match="plain function"):
            channel.transact(lambda tx, function=function: tx.transact(function))  # type: ignore[misc]
    assert channel.keys() == []


def test_another_channel_is_no_part_of_it(channel: Channel) -> None:
    """A handle on one would look like a transaction, and write at once."""
    with pytest.raises(ChannelTypeError, match="another channel"):
        channel.transact(lambda tx: tx.beside("other"))


@pytest.mark.needs_system
def test_threads_may_share_a_transaction() -> None:
    """Each operation is whole."""
    channel = MemoryChannel()

    def change(tx: Transaction) -> dict[int, list[int]]:
        answers: dict[int, list[int]] = {number: [] for number in range(8)}

        def work(number: int) -> None:
            for _ in range(200):
                answers[number].append(tx.append(f"list {number}", number))
                tx.atomic_add("sum", 1)

        threads = [threading.Thread(target=work, args=(number,)) for number in answers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    answers = channel.transact(change)
    assert channel.get("sum") == 1_600
    assert all(lengths == list(range(1, 201)) for lengths in answers.values())
