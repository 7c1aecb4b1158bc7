"""Calls on several keys at once, and models of them: a pair of registers, and accounts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from graflow.channels.base import Channel
from graflow.channels.transactions import Transaction

__all__ = ["perform_pair", "perform_transfer", "step_pair", "step_transfer"]

_Call = tuple[Any, ...]
_ACCOUNTS = ("a", "b", "c")
_PATIENCE = 60.0  # seconds for a transaction on a busy machine


def _transact(channel: Channel, fn: Callable[[Transaction], Any]) -> Any:
    return channel.transact(fn, timeout=_PATIENCE)


# A pair of registers, which must never be seen torn


def perform_pair(channel: Channel, call: _Call) -> Any:
    """Make a call on the keys `x` and `y`."""
    kind, item, _ = call
    match kind:
        case "write both":
            return _transact(channel, partial(_write_both, item))
        case "write one":
            return channel.add("x", item)
        case "read both":
            return _transact(channel, lambda tx: (tx.get("x"), tx.get("y")))
        case "swap":
            return _transact(channel, _swap)
        case "delete both":
            return _transact(channel, _delete_both)
        case _:
            found = channel.get_many(["y", "x"])
            return found.get("x"), found.get("y")


def _write_both(item: Any, tx: Transaction) -> None:
    tx.set("x", item)
    tx.set("y", item)


def _swap(tx: Transaction) -> tuple[Any, Any]:
    x, y = tx.get("x", 0), tx.get("y", 0)
    tx.set_many({"x": y, "y": x})
    return y, x


def _delete_both(tx: Transaction) -> None:
    tx.delete("x")
    tx.delete("y")


def step_pair(state: tuple[Any, Any], call: _Call) -> tuple[tuple[Any, Any], Any]:
    """Return what a call makes of the pair, and what it returns."""
    kind, item, _ = call
    x, y = state
    match kind:
        case "write both":
            return (item, item), None
        case "write one":
            return (item if x is None else x, y), x is None
        case "swap":
            swapped = (0 if y is None else y, 0 if x is None else x)
            return swapped, swapped
        case "delete both":
            return (None, None), None
        case _:
            return state, state


# Transfers among accounts, of which some fail, and deposits


def perform_transfer(channel: Channel, call: _Call) -> Any:
    """Make a call on two of three accounts, or on all of them."""
    kind, _, number = call
    source, target = _ACCOUNTS[number % 3], _ACCOUNTS[(number + 1) % 3]
    match kind:
        case "transfer":
            return _transact(channel, partial(_transfer, source, target, number))
        case "blind transfer":
            return _transact(channel, partial(_transfer_blindly, source, target, number))
        case "to and fro":
            return _transact(channel, partial(_to_and_fro, source, number))
        case "failed transfer":
            with suppress(_Fails):
                _transact(channel, partial(_fail, source, target, number))
            return None
        case "deposit":
            return channel.atomic_add(target, number)
        case _:
            found = channel.get_many(_ACCOUNTS)
            return tuple(found.get(account, 0) for account in _ACCOUNTS)


def _transfer(source: str, target: str, amount: int, tx: Transaction) -> tuple[int, int]:
    left = tx.get(source, 0) - amount
    tx.set(source, left)
    total = tx.update(target, lambda balance: balance + amount, default=0)
    return left, total


def _transfer_blindly(source: str, target: str, amount: int, tx: Transaction) -> None:
    tx.atomic_add(source, -amount)
    tx.atomic_add(target, amount)


def _to_and_fro(account: str, amount: int, tx: Transaction) -> tuple[int, int]:
    """Change nothing in the end, and look at what the sums were in between."""
    most, least = tx.atomic_add(account, amount), tx.atomic_add(account, -amount)
    return int(most), int(least)


class _Fails(Exception):
    """The end of a transaction of which nothing remains."""


def _fail(source: str, target: str, amount: int, tx: Transaction) -> None:
    _transfer(source, target, amount, tx)
    raise _Fails


def step_transfer(state: tuple[int, ...], call: _Call) -> tuple[tuple[int, ...], Any]:
    """Return what a call makes of the balances, and what it returns."""
    kind, _, number = call
    source, target = number % 3, (number + 1) % 3
    if kind == "balances":
        return state, state
    if kind == "to and fro":
        return state, (state[source] + number, state[source])
    if kind == "failed transfer":
        return state, None
    balances = list(state)
    balances[target] += number
    if kind == "deposit":
        return tuple(balances), balances[target]
    balances[source] -= number
    result = None if kind == "blind transfer" else (balances[source], balances[target])
    return tuple(balances), result
