"""Edge cases of snapshots: whatever is read is the caller's own, each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graflow.channels.base import Channel
from graflow.testing.edges.edge import edge
from graflow.testing.harness import Capability
from graflow.testing.trials.equality import same, scribble
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_CLAUSE = "Changing an object after `set`/`append`, or one that `get` returned, changes nothing"
_TIMES = 5


def _updated(channel: Channel, key: str) -> Any:
    """Return what `update` passes to its function, which raises."""
    seen: list[Any] = []

    def look(value: Any) -> Any:
        seen.append(value)
        raise LookupError

    try:
        channel.update(key, look)
    except LookupError:
        return seen[0]


_READS: dict[str, Callable[[Channel, str], Any]] = {
    "get": lambda channel, key: channel.get(key),
    "get with a default": lambda channel, key: channel.get(key, {"a": []}),
    "get_many": lambda channel, key: channel.get_many([key])[key],
    "entry": lambda channel, key: channel.entry(key).value,
    "update": _updated,
    "get in a transaction": lambda channel, key: channel.transact(lambda tx: tx.get(key)),
    "get_many in a transaction": lambda channel, key: channel.transact(
        lambda tx: tx.get_many([key])
    )[key],
}
_VALUES: dict[str, Any] = {
    "dict": {"a": [1, {"b": []}]},
    "list": [[1], {"a": [2]}],
    "set": {"a": {1, 2}},
    "tuple": ([1], {"a": 1}),
}


def _own(trial: Trial, what: str, read: Callable[[Channel, str], Any]) -> None:
    channel = trial.open("job")
    for key, value in _VALUES.items():
        trial.note(f"# {what}, {_TIMES} times; each time what it gave is changed")
        channel.set(key, value)
        found = [read(channel, key)]
        for _ in range(_TIMES):
            trial.require(same(found[-1], value), f"{_CLAUSE}; it gave {found[-1]!r}")
            scribble(found[-1])
            found.append(read(channel, key))
        kept, last = read(channel, key), read(channel, key)
        scribble(kept)
        trial.require(same(last, value), f"two reads never give the same object; now {last!r}")
        trial.require(same(channel.get(key), value), f"{_CLAUSE}; now it is {channel.get(key)!r}")


def _popped(trial: Trial) -> None:
    channel, item = trial.open("job"), {"a": [1]}
    trial.note("a.set('list', [{'a': [1]}] * 4); a.pop('list')['a'].append(2); a.pop('list')")
    channel.set("list", [item] * 4)
    for _ in range(4):
        found = channel.pop("list")
        trial.require(same(found, {"a": [1]}), f"{_CLAUSE}; it gave {found!r}")
        scribble(found)


def _records(trial: Trial) -> None:
    backend = trial.open("job").backend
    trial.note("# the lists that a backend's `get`, `read` and `head` give are changed")
    trial.open("job").set("list", [1, 2])
    for _ in range(3):
        held = backend.read(["list"])[0]
        for found in (backend.get("list"), held and held.record, backend.head("list", 2)):
            assert isinstance(found, list)
            trial.require(found == [b"1", b"2"], f"a list is the caller's own; it gave {found!r}")
            found.append(b"3")


EDGES = [
    *(
        edge(
            Capability.UPDATE if what == "update" else Capability.VALUES,
            f"each {what} gives an object of its own",
            _CLAUSE,
            body=partial(_own, what=what, read=read),
        )
        for what, read in _READS.items()
    ),
    edge(Capability.VALUES, "each pop gives an object of its own", _CLAUSE, body=_popped),
    edge(Capability.COMMITS, "records that are lists", _CLAUSE, body=_records),
]
"""Edge cases of snapshots."""
