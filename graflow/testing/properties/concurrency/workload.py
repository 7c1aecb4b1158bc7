"""A workload of concurrent calls on one channel, and a model of each call on its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any

from graflow.channels.base import Channel
from graflow.channels.transactions import Transaction
from graflow.exceptions import ChannelKeyError, ChannelTypeError
from graflow.testing.properties.concurrency.several_keys import (
    perform_pair,
    perform_transfer,
    step_pair,
    step_transfer,
)

__all__ = ["WORKLOADS", "Call", "Workload"]

Call = tuple[Any, ...]
State = tuple[Hashable, bool] | None
"""The value of the key, with a list as a tuple, and whether it expires; `None` if missing."""

_REFUSED = "refused"
_TTL = 5_000


class Workload:
    """Calls on one key, or on a few keys at once.

    Attributes:
        name: Its name.
        kinds: The operations to draw from.
        start: The state before the first call.
        keys: Returns the keys that a call is about, if calls on different keys are independent.
    """

    def __init__(
        self,
        name: str,
        kinds: tuple[str, ...],
        perform: Callable[[Channel, Call], Any],
        step: Callable[[Any, Call], tuple[Any, Any]],
        start: Hashable,
        keys: Callable[[Call], Iterable[Hashable]] | None = None,
    ) -> None:
        self.name = name
        self.kinds = kinds
        self.perform = perform
        self.step = step
        self.start = start
        self.keys = keys


def _perform(channel: Channel, call: Call) -> Any:
    kind, item, number = call
    try:
        match kind:
            case "set":
                return channel.set("key", number)
            case "set list":
                return channel.set("key", [item])
            case "append" | "prepend":
                return getattr(channel, kind)("key", item)
            case "append with ttl":
                return channel.append("key", item, ttl=_TTL)
            case "add":
                return channel.atomic_add("key", number)
            case "claim":
                return channel.add("key", item)
            case "update":
                return _frozen(channel.update("key", partial(_more, item), default=0))
            case "ttl":
                return channel.ttl("key") is not None
            case _:
                return _frozen(getattr(channel, kind)("key"))
    except (ChannelTypeError, ChannelKeyError):
        return _REFUSED


def _step(state: State, call: Call) -> tuple[State, Any]:
    kind, item, number = call
    value, expires = (None, False) if state is None else state
    match kind:
        case "set":
            return (number, False), None
        case "set list":
            return ((item,), False), None
        case "get":
            return state, value
        case "exists":
            return state, state is not None
        case "delete":
            return None, state is not None
        case "ttl":
            return state, _REFUSED if state is None else expires
        case "add" | "update":
            more = number if kind == "add" else item
            new = _frozen(_more(more, 0 if state is None else value))
            return (new, expires), new
        case "claim":
            return ((item, False) if state is None else state), state is None
        case "pop":
            return _popped(state)
        case _:
            return _pushed(kind, state, item)


def _pushed(kind: str, state: State, item: str) -> tuple[State, Any]:
    items, expires = ((), False) if state is None else state
    if not isinstance(items, tuple):
        return state, _REFUSED
    longer = (item, *items) if kind == "prepend" else (*items, item)
    return (longer, expires or kind == "append with ttl"), len(longer)


def _popped(state: State) -> tuple[State, Any]:
    if state is None:
        return None, None
    items, expires = state
    if not isinstance(items, tuple):
        return state, _REFUSED
    return ((items[1:], expires) if len(items) > 1 else None), items[0]


def _more(item: str | int, value: Any) -> Any:
    """Return a value that shows its history: a longer list, or a larger number."""
    if isinstance(value, int):
        return value + (item if isinstance(item, int) else 1)
    return [*value, item]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _perform_batch(channel: Channel, call: Call) -> Any:
    kind, item, _ = call
    match kind:
        case "set_many":
            return channel.set_many(dict.fromkeys("xyz", item))
        case "set":
            return channel.set("y", item)
        case "delete":
            return channel.delete("x")
        case "keys":
            return tuple(sorted(channel.keys()))
        case "clear":
            return channel.clear()
        case _:
            return tuple(sorted(channel.get_many(["z", "x", "y"]).items()))


def _step_batch(state: tuple[Any, ...], call: Call) -> tuple[tuple[Any, ...], Any]:
    kind, item, _ = call
    held = dict(state)
    result: Any = None
    match kind:
        case "set_many":
            held = dict.fromkeys("xyz", item)
        case "set":
            held["y"] = item
        case "delete":
            result = held.pop("x", None) is not None
        case "keys":
            result = tuple(sorted(held))
        case "clear":
            held.clear()
        case _:
            result = tuple(sorted(held.items()))
    return tuple(sorted(held.items())), result


def _owner(call: Call) -> str:
    """Return whose call it is: each worker has keys of its own."""
    worker, _, _ = str(call[1]).partition(".")
    return worker


def _perform_alone(channel: Channel, call: Call) -> Any:
    kind, item, _ = call
    key = _owner(call)
    match kind:
        case "set":
            return channel.set(key, item)
        case "append":
            return channel.append(f"{key}s", item)
        case "pop":
            return channel.pop(f"{key}s")
        case "exchange":
            return channel.transact(partial(_exchange, key, item))
        case _:
            return channel.get(key)


def _exchange(key: str, item: str, tx: Transaction) -> Any:
    old = tx.get(key)
    tx.set(key, item)
    return old


def _step_alone(state: tuple[Any, tuple[str, ...]], call: Call) -> tuple[Any, Any]:
    kind, item, _ = call
    value, items = state
    match kind:
        case "set":
            return (item, items), None
        case "append":
            return (value, (*items, item)), len(items) + 1
        case "pop":
            return (value, items[1:]), items[0] if items else None
        case "exchange":
            return (item, items), value
        case _:
            return state, value


_ON_ANYTHING = ("set", "set list", "append", "prepend", "pop", "get", "exists", "delete", "update")

WORKLOADS = {
    each.name: each
    for each in (
        Workload(
            "own keys",
            ("set", "get", "get", "append", "pop", "exchange"),
            _perform_alone,
            _step_alone,
            (None, ()),
            lambda call: [_owner(call)],
        ),
        Workload("sums", ("add", "add", "add", "get", "update"), _perform, _step, None),
        Workload(
            "queue", ("append", "append", "prepend", "pop", "pop", "get"), _perform, _step, None
        ),
        Workload(
            "pair",
            (
                "write both",
                "write both",
                "read both",
                "get_many",
                "swap",
                "write one",
                "delete both",
            ),
            perform_pair,
            step_pair,
            (None, None),
        ),
        Workload("claims", ("claim", "claim", "delete", "delete", "get"), _perform, _step, None),
        Workload("anything", _ON_ANYTHING, _perform, _step, None),
        Workload(
            "expiry", ("append with ttl", "append with ttl", "ttl", "delete"), _perform, _step, None
        ),
        Workload(
            "batches",
            ("set_many", "set_many", "get_many", "get_many", "set", "keys", "delete", "clear"),
            _perform_batch,
            _step_batch,
            (),
        ),
        Workload(
            "reads",
            ("get_many", "get_many", "get_many", "keys", "keys", "keys", "set_many", "delete"),
            _perform_batch,
            _step_batch,
            (),
        ),
        Workload(
            "transfers",
            (
                "transfer",
                "transfer",
                "blind transfer",
                "to and fro",
                "balances",
                "failed transfer",
                "deposit",
            ),
            perform_transfer,
            step_transfer,
            (0, 0, 0),
        ),
    )
}
"""By name."""
