"""Answers of transactions that nobody has asked for yet."""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Callable
from typing import Any, TypedDict

import pytest

from graflow.channels.base import Channel
from graflow.channels.keyed import KeyedChannel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.overlay.pending import Pending
from graflow.channels.transactions import Transaction
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelTypeError, ChannelValidationError


class Account(TypedDict):
    """With a number in a list."""

    number: int
    sums: list[float]


class Keys(TypedDict):
    """With a list of numbers."""

    number: int
    numbers: list[int]


def test_what_is_returned_is_plain(channel: Channel) -> None:
    """However deep it is inside."""
    shared = [1, 2]

    def change(tx: Transaction) -> dict[str, Any]:
        return {
            "sum": tx.atomic_add("sum", 1.5),
            "more": [(tx.append("list", 1), {tx.atomic_add("n")})],
            "gone": {"list": tx.delete("list")},
            "shared": shared,
        }

    result = channel.transact(change)
    assert result == {
        "sum": 1.5,
        "more": [(1, {1})],
        "gone": {"list": True},
        "shared": [1, 2],
    }
    assert type(result["sum"]) is float
    assert type(result["more"][0][0]) is int
    assert type(next(iter(result["more"][0][1]))) is int
    assert result["gone"]["list"] is True
    assert result["shared"] is shared
    assert json.loads(json.dumps(result["gone"])) == {"list": True}


def test_it_is_pickled_and_copied_as_what_it_stands_for(channel: Channel) -> None:
    """Inside the transaction, and of its answers afterwards."""
    kept: list[Any] = []

    def change(tx: Transaction) -> None:
        kept.append(tx.atomic_add("n", 1.5))
        kept.append(tx.append("list", 1))
        assert pickle.loads(pickle.dumps(kept[0])) == 1.5

    channel.transact(change)
    for make in (copy.copy, copy.deepcopy, _pickled):
        assert [type(make(each)) for each in kept] == [float, int]
        assert [make(each) for each in kept] == [1.5, 1]


def _pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


_USES: list[Callable[[Any], object]] = [
    lambda n: divmod(n, 2),
    lambda n: divmod(7, n),
    lambda n: (n + 1, 1 + n, n - 1, 1 - n, n * 2, 2 * n, n / 2, 2 / n, n // 2, 2 // n, n % 2),
    lambda n: (n**2, 2**n, pow(n, 2), round(n), abs(n), -n, +n),
    lambda n: (int(n), float(n), bool(n), str(n), repr(n), hash(n), complex(n), math.floor(n)),
    lambda n: (n == 3, n != 3, n < 4, n <= 3, n > 3, n >= 3, n == 3, n < 4),
    lambda n: (f"{n}", f"{n:05}", f"{n!r}"),
    lambda n: (sorted([n, 1]), max(n, 1), sum([n, 1]), {3: "three"}.get(n), {n: 1}),
]


@pytest.mark.parametrize("use", _USES)
def test_it_can_be_used_as_the_number(use: Callable[[Any], object]) -> None:
    """As numbers are used."""
    channel = MemoryChannel()
    channel.set("n", 2)
    assert channel.transact(lambda tx: use(tx.atomic_add("n", 1))) == use(3)


def test_it_can_be_an_index() -> None:
    """A length is one."""
    channel = MemoryChannel()
    channel.set("list", ["a", "b"])

    def change(tx: Transaction) -> tuple[list[int], str]:
        length = tx.append("list", 1)
        return list(range(length)), "abcd"[length]

    assert channel.transact(change) == ([0, 1, 2], "d")


def test_it_is_stored_through_schemas(channel: Channel) -> None:
    """As the number that it stands for, which must fit."""

    def change(tx: Transaction) -> None:
        number: Any = tx.atomic_add("n", 1)
        total = tx.atomic_add("x", 1.5)
        tx.typed(int).set("int", number)
        tx.typed(int).append("ints", number)
        tx.typed(int).update("updated", lambda _: number, 0)
        tx.typed(Account).set("account", {"number": int(number), "sums": [total]})
        tx.typed(list[int]).set_many({"many": [number]})
        tx.keyed(Keys).set("number", number)
        tx.keyed(Keys).append("numbers", number)

    channel.transact(change)
    assert TypedChannel(channel, int).get("int") == 1
    assert channel.get_many(["ints", "updated", "many"]) == {
        "ints": [1],
        "updated": 1,
        "many": [1],
    }
    assert channel.get("account") == {"number": 1, "sums": [1.5]}
    assert KeyedChannel(channel, Keys).get_all() == {"number": 1, "numbers": [1]}

    with pytest.raises(ChannelValidationError, match=r"found 2\.5"):
        channel.transact(lambda tx: tx.typed(int).set("int", tx.atomic_add("x", 1)))  # type: ignore[arg-type]


def test_it_is_stored_wherever_it_is(channel: Channel) -> None:
    """Also as the key of a dict."""

    def change(tx: Transaction) -> None:
        number = tx.atomic_add("n", 2)
        tx.set("value", {number: [(number,), {number}], (number, "x"): number})

    channel.transact(change)
    assert channel.get("value") == {2: [(2,), {2}], (2, "x"): 2}


def test_that_of_a_transaction_that_failed_says_so(channel: Channel) -> None:
    """There is nothing that it could stand for."""
    kept: list[Any] = []

    def change(tx: Transaction) -> None:
        kept.append(tx.atomic_add("n", 1))
        raise LookupError

    with pytest.raises(LookupError):
        channel.transact(change)
    assert type(kept[0]) is Pending
    with pytest.raises(ChannelTypeError, match="never happened"):
        bool(kept[0])
