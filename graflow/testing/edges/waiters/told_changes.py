"""Edge cases of watching: which changes are told, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graflow.channels.base import Channel
from graflow.channels.watching.changes import KeyChange
from graflow.channels.watching.watch import Watch
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.edges.holders.contenders import begin_in_thread
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES", "next_change"]

_TELLS = "tells of each key that holds something else than what it was told before"
_NO_OTHERS = "A watch of a key or a prefix tells of no other keys"


def next_change(trial: Trial, watch: Watch, clause: str = _TELLS) -> KeyChange:
    """Return the next change that a watch tells.

    Raises:
        Broken: It tells none.
    """
    found: list[KeyChange] = []
    error = begin_in_thread(lambda: found.append(next(watch)))()
    trial.require(error is None and bool(found), f"{clause}; it gave {error!r}")
    return found[0]


def _tells(change: Callable[[Channel], Any], kind: str, shown: str) -> Callable[[Trial], None]:
    """Return a body in which another handle changes a list of two items."""

    def body(trial: Trial) -> None:
        channel, other = trial.open("job"), trial.open("job", 1)
        other.append("key", 0)
        other.append("key", 1)
        with channel.watch(start=False) as watch:
            trial.note(f"# the list 'key' holds 0 and 1; a watches; b: {shown}")
            found: list[KeyChange] = []
            join = begin_in_thread(lambda: found.append(next(watch)))
            trial.pause(0.02)
            change(other)
            error = join()
            trial.require(error is None and bool(found), f"{_TELLS}; it gave {error!r}")
            etag = other.entry("key").etag if kind == "set" else None
            trial.require(
                found[0] == KeyChange("key", kind, etag),  # type: ignore[arg-type]
                f"the change is {kind!r}, the etag {etag!r}; it told {found[0]}",
            )

    return body


def _expires(trial: Trial) -> None:
    channel, other = trial.open("job"), trial.open("job", 1)
    other.set_many({"key": 1, "lasts": 1})
    with channel.watch(start=False) as watch:
        trial.note("# a watches; b.touch('key', 60); and time passes")
        found: list[KeyChange] = []
        join = begin_in_thread(lambda: found.append(next(watch)))
        other.touch("key", 60)
        trial.pause(0.02)
        trial.advance(100)
        error = join()
        trial.require(error is None and bool(found), f"one that has expired; it gave {error!r}")
        trial.require(found[0] == ("key", "deleted", None), f"it told {found[0]}")


def _starts(trial: Trial) -> None:
    channel = trial.open("job")
    channel.set_many({"a": 1, "b": 2})
    trial.note("a.set_many({'a': 1, 'b': 2}); list(islice(a.watch(), 2))")
    with channel.watch() as watch:
        told = sorted(next_change(trial, watch) for _ in range(2))
    wanted = [KeyChange(key, "set", channel.entry(key).etag) for key in ("a", "b")]
    trial.require(told == wanted, f"the keys that exist come first; it told {told}")


def _together(trial: Trial) -> None:
    channel, other = trial.open("job"), trial.open("job", 1)
    channel.set("same", 1)
    with channel.watch(start=False) as watch:
        trial.note("# a watches; b changes 'key' ten times, and 'same' to and fro")
        for number in range(10):
            other.set("key", number)
        other.set("same", 2)
        other.set("same", 1)
        told = next_change(trial, watch)
        trial.require(
            told == KeyChange("key", "set", other.entry("key").etag),
            f"several changes may be told as one, the last of them; it told {told}",
        )
        other.set("last", 1)
        told = next_change(trial, watch)
        trial.require(told.key == "last", f"it told {told} of what is as it was")


def _others(first: dict[str, Any], wanted: str, **options: Any) -> Callable[[Trial], None]:
    """Return a body in which keys are stored that are not watched, and then one that is."""

    def body(trial: Trial) -> None:
        channel, other = trial.open("job"), trial.open("job", 1)
        with channel.watch(**options) as watch:
            trial.note(f"# a.watch(**{options}); b.set_many({first}); b.set({wanted!r}, 1)")
            trial.open("job2").set(wanted, 1)
            other.set_many(first)
            other.set(wanted, 1)
            told = next_change(trial, watch, _NO_OTHERS)
            trial.require(told.key == wanted, f"{_NO_OTHERS}; it told {told}")
            other.delete(wanted)
            told = next_change(trial, watch, _NO_OTHERS)
            trial.require(told == (wanted, "deleted", None), f"{_NO_OTHERS}; it told {told}")

    return body


_CHANGES: list[tuple[str, Callable[[Channel], Any], str, str]] = [
    ("set", lambda channel: channel.set("key", 1), "set", "b.set('key', 1)"),
    ("append", lambda channel: channel.append("key", 2), "set", "b.append('key', 2)"),
    ("prepend", lambda channel: channel.prepend("key", 2), "set", "b.prepend('key', 2)"),
    ("pop", lambda channel: channel.pop("key"), "set", "b.pop('key')"),
    ("delete", lambda channel: channel.delete("key"), "deleted", "b.delete('key')"),
    ("clear", lambda channel: channel.clear(), "deleted", "b.clear()"),
    ("destroy", lambda channel: channel.destroy(), "deleted", "b.destroy()"),
    (
        "transact",
        lambda channel: channel.transact(lambda tx: (tx.delete("none"), tx.append("key", 2))),
        "set",
        "b.transact(lambda tx: (tx.delete('none'), tx.append('key', 2)))",
    ),
    (
        "update",
        lambda channel: channel.update("key", lambda old: [*old, 2]),
        "set",
        "b.update('key', lambda old: [*old, 2])",
    ),
]

EDGES: list[Edge] = [
    *(
        edge(Capability.WAITING, f"{name} is told", _TELLS, body=_tells(change, kind, shown))
        for name, change, kind, shown in _CHANGES
    ),
    edge(
        Capability.WAITING,
        "an expired key is told",
        'one that is removed or has expired is "deleted"',
        body=_expires,
        needs=(Capability.TTL,),
        moves_time=True,
    ),
    edge(
        Capability.WAITING,
        "what is there comes first",
        "The keys that exist at the beginning come first",
        body=_starts,
    ),
    edge(
        Capability.WAITING,
        "changes are told together",
        "Several changes of a key may be told as one, and one that leaves the key as it was is not"
        " told",
        body=_together,
    ),
    edge(
        Capability.WAITING,
        "one key",
        _NO_OTHERS,
        body=_others(
            {"order:12": 1, "order:": 1, "Order:1": 1, "rder:1": 1}, "order:1", key="order:1"
        ),
    ),
    edge(
        Capability.WAITING,
        "a prefix",
        _NO_OTHERS,
        body=_others({"order": 1, "xorder:1": 1, "Order:1": 1}, "order:1", prefix="order:"),
    ),
    edge(
        Capability.WAITING,
        "a key with a NUL",
        _NO_OTHERS,
        body=_others({"key": 1, "\0": 1, "\0\0key": 1}, "\0key", key="\0key"),
    ),
    edge(
        Capability.WAITING,
        "another channel",
        "none tells of another channel's",
        body=_others({}, "é/:*", prefix=""),
    ),
]
