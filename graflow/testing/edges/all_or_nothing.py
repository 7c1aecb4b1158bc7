"""Edge cases of `transact`."""

from __future__ import annotations

import math
from typing import Any, TypedDict

from graflow.channels.base import Channel
from graflow.exceptions import (
    ChannelConflictError,
    ChannelError,
    ChannelKeyError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
)
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Body, Etag, Left, Step, Updater, do, wait
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_ALL = "all that it wrote happens at one moment, or none of it"
_OWN = "`tx` sees its own writes, and nobody else does before the end"
_AGAIN = "starts over if something that it has read was changed"
_BLIND = "writes that nothing was read for never conflict"
_NOTHING = "if `fn` raises, or an operation is refused, nothing changed"
_END = "no attempt begins after `timeout` seconds, or after `attempts` of them"


def _tx(*steps: Step, meanwhile: Step | None = None, fails: bool = False) -> Step:
    other = None if meanwhile is None else meanwhile.on("job", 1)
    return do("transact", Body(steps, other, fails))


def _race(name: str, clause: str, meanwhile: Step, steps: list[Step], results: list[Any]) -> Edge:
    """Make an edge case of a transaction on a value, a list and a missing key."""
    return edge(
        Capability.COMMITS,
        f"transact: {name}",
        clause,
        do("set_many", {"key": 1, "list": [1, 2]}),
        _tx(*steps, meanwhile=meanwhile).gives(results),
    )


def _rejected(trial: Trial) -> None:
    channel = trial.open("job")
    bad: list[tuple[dict[str, Any], type[ChannelError]]] = [
        ({"attempts": 0}, ChannelValueError),
        ({"attempts": True}, ChannelTypeError),
        ({"attempts": 1.0}, ChannelTypeError),
        ({"timeout": 0}, ChannelValueError),
        ({"timeout": "1"}, ChannelTypeError),
    ]
    for options, kind in bad:
        trial.note(f"a.transact(lambda tx: tx.set('key', 1), **{options})")
        _require_error(trial, kind, lambda tx: tx.set("key", 1), options)
        trial.require(not channel.exists("key"), "nothing changed")


def _limited(trial: Trial) -> None:
    """Let another handle write each time before the end."""
    channel, other = trial.open("job"), trial.open("job", 1)
    trial.note("# another handle adds to `key` whenever a transaction has read it")
    for options, least, most in (({"attempts": 3}, 3, 3), ({"timeout": 0.05}, 1, 10_000)):
        channel.set("key", 0)
        calls = 0

        def change(tx: Channel) -> None:
            nonlocal calls
            calls += 1
            tx.set("mine", tx.get("key"))
            other.atomic_add("key")

        trial.note(f"a.transact(change, **{options})")
        _require_error(trial, ChannelConflictError, change, options)
        trial.require(least <= calls <= most, f"{most} attempts at most; there were {calls}")
        trial.require(channel.get("key") == calls, "what others wrote is there")
        trial.require(not channel.exists("mine"), "nothing changed")


def _require_error(trial: Trial, kind: type[ChannelError], fn: Any, options: Any) -> None:
    try:
        trial.open("job").transact(fn, **options)
    except kind:
        return
    except ChannelError as error:
        trial.require(False, f"it raises {kind.__name__}; it raised {error!r}")
    trial.require(False, f"it raises {kind.__name__}")


class _Order(TypedDict):
    count: int
    items: list[str]


def _blind(trial: Trial) -> None:
    """Write what nothing was read for, once, while another handle writes."""
    channel, other = trial.open("job"), trial.open("job", 1)
    trial.note("# in one attempt, while another handle writes to the same keys")

    def change(tx: Channel) -> None:
        tx.atomic_add("number", 1)
        tx.append("list", "mine")
        tx.delete("gone")
        tx.touch("number", 550)
        other.atomic_add("number", 10)
        other.append("list", "theirs")
        other.set("gone", 1)

    try:
        channel.transact(change, attempts=1)
    except ChannelConflictError as error:
        trial.require(False, f"it is not in conflict; it raised {error!r}")
    found = channel.get_many(["number", "list", "gone"])
    trial.require(found == {"number": 11, "list": ["theirs", "mine"]}, f"both wrote: {found!r}")


def _typed(trial: Trial) -> None:
    channel, other = trial.open("job"), trial.open("job", 1)
    trial.note("# tx.typed(int) and tx.keyed(Order) in one transaction")

    def change(tx: Any) -> list[Any]:
        typed, keyed = tx.typed(int), tx.keyed(_Order)
        typed.set("count", 5)
        seen = [keyed.get("count"), keyed.append("items", "a") == 1, keyed.pop("items")]
        keyed.append("items", "b")
        tx.set("plain", (1,))
        return [*seen, keyed.get_all(), other.keys()]

    found = channel.transact(change)
    whole = {"count": 5, "items": ["b"]}
    trial.require(found == [5, True, "a", whole, []], f"each sees the others' writes: {found!r}")
    trial.require(other.get_many(["count", "items"]) == whole, "all is committed")

    def misfit(tx: Any) -> None:
        tx.set("count", 6)
        tx.typed(int).set("count", "text")

    _require_error(trial, ChannelValidationError, misfit, {})
    trial.require(channel.get("count") == 5, "nothing changed")


def _over(trial: Trial) -> None:
    kept: list[Any] = []
    trial.note("tx = a.transact(lambda tx: kept.append(tx)); kept[0].set('key', 1)")
    channel = trial.open("job")
    channel.transact(kept.append)
    (tx,) = kept
    for name, args in (
        ("set", ("key", 1)),
        ("get", ("key",)),
        ("append", ("key", 1)),
        ("keys", ()),
    ):
        try:
            getattr(tx, name)(*args)
        except ChannelTypeError:
            continue
        trial.require(False, "a transaction that is over raises")
    trial.require(channel.keys() == [], "nothing was stored")


EDGES = [
    edge(
        Capability.COMMITS,
        "transact: each operation does what it does on a channel",
        _ALL,
        do("set_many", {"list": [1, 2], "number": 1, "old": 0}),
        _tx(
            do("set", "new", {"a": (1,)}, ttl=150),
            do("append", "list", 3),
            do("prepend", "list", 0, ttl=250),
            do("pop", "list"),
            do("atomic_add", "number", 0.5),
            do("delete", "old"),
            do("add", "number", 7),
            do("add", "more", []),
            do("update", "number", Updater("lambda value: [value]")),
            do("set_many", {"x": 1, "y": [2]}),
        ).gives([None, 3, 4, 0, 1.5, True, False, True, [1.5], None]),
        do("get", "list").gives([1, 2, 3]),
        do("ttl", "list").gives(Left(250)),
        do("ttl", "new").gives(Left(150)),
        do("keys").gives(["list", "more", "new", "number", "x", "y"]),
    ),
    edge(
        Capability.COMMITS,
        "transact: it sees its own writes",
        _OWN,
        do("set", "key", 1, ttl=150),
        _tx(
            do("set", "key", 2, ttl=250),
            do("get", "key"),
            do("ttl", "key"),
            do("entry", "key"),
            do("touch", "key", 350),
            do("ttl", "key"),
            do("persist", "key"),
            do("ttl", "key"),
            do("append", "list", 1),
            do("get", "list"),
            do("keys"),
            do("delete", "key"),
            do("exists", "key"),
            do("get_many", ["key", "list"]),
            do("clear"),
            do("keys"),
        ).gives(
            [
                *(None, 2, Left(250), (2, Left(250)), True, Left(350), True, None),
                *(1, [1], ["key", "list"], True, False, {"list": [1]}, None, []),
            ]
        ),
        do("keys").gives([]),
    ),
    edge(
        Capability.COMMITS,
        "transact: pop and push in one go, from both ends",
        _OWN,
        do("set", "list", [1, 2]),
        _tx(
            do("append", "list", 3),
            do("pop", "list"),
            do("prepend", "list", 0),
            do("pop", "list"),
            do("pop", "list"),
            do("pop", "list"),
            do("pop", "list", "none"),
            do("exists", "list"),
            do("append", "list", 4),
        ).gives([3, 1, 3, 0, 2, 3, "none", False, 1]),
        do("get", "list").gives([4]),
    ),
    edge(
        Capability.COMMITS,
        "transact: an empty list is a list",
        _OWN,
        do("set_many", {"a": [], "b": [], "c": [], "d": []}),
        _tx(
            do("pop", "a", "none"),
            do("get", "b"),
            do("append", "b", 1),
            do("append", "c", 2),
            do("get", "c"),
            do("update", "d", Updater("lambda value: [*value, 3]")),
            do("prepend", "d", 4),
        ).gives(["none", [], 1, 1, [2], [3], 2]),
        do("get_many", ["a", "b", "c", "d"]).gives({"a": [], "b": [1], "c": [2], "d": [4, 3]}),
    ),
    edge(
        Capability.COMMITS,
        "transact: sums of every kind, each without a look at the number",
        "`int + int` is an `int` of any size, otherwise an IEEE double",
        do("set_many", {"inf": math.inf, "nan": math.nan, "huge": 10**5000, "large": 2**62}),
        _tx(
            do("atomic_add", "inf", 1),
            do("atomic_add", "nan", 1),
            do("atomic_add", "huge", 1),
            do("atomic_add", "large", 2**62),
            do("atomic_add", "new", 0.1),
            do("append", "list", 1),
        ).gives([math.inf, math.nan, 10**5000 + 1, 2**63, 0.1, 1]),
        do("get", "huge").gives(10**5000 + 1),
    ),
    edge(
        Capability.COMMITS,
        "transact: the next of a queue goes, and something else comes",
        _ALL,
        do("set", "queue", ["a", "b"], ttl=150),
        do("set", "done", []),
        _tx(do("pop", "queue"), do("append", "done", "a")).gives(["a", 1]),
        _tx(do("pop", "queue"), do("keys")).gives(["b", ["done"]]),
        _tx(do("pop", "queue", "none"), do("append", "queue", "c")).gives(["none", 1]),
        do("ttl", "queue").gives(None),
        do("get_many", ["queue", "done"]).gives({"queue": ["c"], "done": ["a"]}),
    ),
    edge(
        Capability.COMMITS,
        "transact: what is pushed after the last pop is a new list",
        _ALL,
        do("set_many", {"one": ["a"], "two": ["a", "b"]}, ttl=150),
        _tx(
            do("pop", "one"),
            do("append", "one", "c"),
            do("pop", "two"),
            do("prepend", "two", "d"),
        ).gives(["a", 1, "a", 2]),
        do("ttl", "one").gives(None),
        do("ttl", "two").gives(Left(150)),
        do("get_many", ["one", "two"]).gives({"one": ["c"], "two": ["d", "b"]}),
    ),
    edge(
        Capability.COMMITS,
        "transact: what was deleted or replaced does not count",
        _OWN,
        do("set_many", {"key": "text", "list": [1, 2]}),
        do("set", "ttl", 1, ttl=150),
        _tx(
            do("delete", "key"),
            do("append", "key", 1),
            do("set", "list", 5),
            do("atomic_add", "list", 1),
            do("delete", "ttl"),
            do("atomic_add", "ttl", 3),
            do("delete", "missing"),
        ).gives([True, 1, None, 6, True, 3, False]),
        do("ttl", "ttl").gives(None),
        do("get_many", ["key", "list", "ttl"]).gives({"key": [1], "list": 6, "ttl": 3}),
    ),
    edge(
        Capability.COMMITS,
        "transact: what it writes keeps the TTL as on a channel",
        "keeps the TTL",
        do("set_many", {"number": 1, "list": [1], "value": 1}, ttl=150),
        _tx(
            do("atomic_add", "number", 1),
            do("append", "list", 2),
            do("update", "value", Updater("lambda value: 2")),
        ).gives([2, 2, 2]),
        do("ttl", "number").gives(Left(150)),
        do("ttl", "list").gives(Left(150)),
        do("ttl", "value").gives(Left(150)),
        _tx(do("pop", "list"), do("set", "value", 3)).gives([1, None]),
        do("ttl", "list").gives(Left(150)),
        do("ttl", "value").gives(None),
    ),
    edge(
        Capability.COMMITS,
        "transact: an expired key is a missing key",
        "an expired key is a missing key",
        do("set_many", {"a": 1, "b": 1, "c": 1}, ttl=50),
        do("append", "list", 1, ttl=50).gives(1),
        wait(100),
        _tx(
            do("get", "a", "none"),
            do("delete", "a"),
            do("atomic_add", "b", 2),
            do("add", "c", 3),
            do("touch", "list", 50),
            do("append", "list", 2),
        ).gives(["none", False, 2, True, False, 1]),
        do("ttl", "b").gives(None),
        do("ttl", "list").gives(None),
        do("get_many", ["a", "b", "c", "list"]).gives({"b": 2, "c": 3, "list": [2]}),
    ),
    edge(
        Capability.COMMITS,
        "transact: a function that raises changes nothing",
        _NOTHING,
        do("set", "key", [1], ttl=150),
        _tx(do("append", "key", 2), do("set", "new", 1), do("clear"), fails=True).rejects(
            LookupError
        ),
        do("get", "key").gives([1]),
        do("ttl", "key").gives(Left(150)),
        do("exists", "new").gives(False),
    ),
    edge(
        Capability.COMMITS,
        "transact: a refused operation changes nothing, whatever came before",
        _NOTHING,
        do("set_many", {"number": 1, "list": [1]}, ttl=150),
        _tx(do("set", "new", 1), do("append", "number", 2)).raises(ChannelTypeError),
        _tx(do("append", "list", 2), do("atomic_add", "list", 2)).raises(ChannelTypeError),
        _tx(do("pop", "list"), do("pop", "number")).raises(ChannelTypeError),
        _tx(do("delete", "list"), do("ttl", "list")).raises(ChannelKeyError),
        _tx(do("clear"), do("set", "new", object())).raises(ChannelTypeError),
        _tx(do("set", "new", 1), do("set", "", 1)).rejects(ChannelValueError),
        do("get_many", ["number", "list", "new"]).gives({"number": 1, "list": [1]}),
        do("ttl", "list").gives(Left(150)),
    ),
    edge(
        Capability.COMMITS,
        "transact: a refusal comes also where it is looked at late",
        _NOTHING,
        do("set_many", {"number": 1, "list": [1]}),
        _tx(do("append", "number", 2), do("get", "number")).raises(ChannelTypeError),
        _tx(do("atomic_add", "list", 2), do("pop", "list")).raises(ChannelTypeError),
        _tx(do("append", "number", 2), do("exists", "list")).raises(ChannelTypeError),
        do("get_many", ["number", "list"]).gives({"number": 1, "list": [1]}),
    ),
    edge(
        Capability.COMMITS,
        "transact: an etag holds inside it",
        "only if the key still holds what the etag stands for, its types included",
        do("set", "key", 1),
        do("entry", "key").gives((1, None)),
        _tx(do("set", "key", 2), do("set", "key", 3, if_etag=Etag())).raises(ChannelConflictError),
        _tx(do("set", "key", 2, if_etag=Etag()), do("get", "key")).gives([None, 2]),
        do("get", "key").gives(2),
    ),
    edge(
        Capability.COMMITS,
        "transact: nothing at all, and reading alone",
        "the operations of a channel",
        do("set", "key", 1),
        _tx().gives([]),
        _tx(do("get", "key"), do("get", "missing"), do("keys")).gives([1, None, ["key"]]),
        _tx(do("get", "key"), meanwhile=do("set", "key", 2)).gives([2]),
    ),
    _race(
        "a value that was read and set in between is read again",
        _AGAIN,
        do("set", "key", 5),
        [do("get", "key"), do("set", "new", 1)],
        [5, None],
    ),
    _race(
        "a type that changed in between is seen",
        _AGAIN,
        do("set", "key", True),
        [do("get", "key"), do("append", "list", 3)],
        [True, 3],
    ),
    _race(
        "a key that was missing and came in between is seen",
        _AGAIN,
        do("set", "new", 1),
        [do("exists", "new"), do("set", "key", 2)],
        [True, None],
    ),
    _race(
        "a key that went in between is seen",
        _AGAIN,
        do("delete", "key"),
        [do("get", "key", "none"), do("set", "new", 2)],
        ["none", None],
    ),
    _race(
        "the second key that was read counts too",
        _AGAIN,
        do("append", "list", 3),
        [do("get", "key"), do("get", "list"), do("set", "new", 2)],
        [1, [1, 2, 3], None],
    ),
    _race(
        "keys that came in between are listed",
        _AGAIN,
        do("set", "new", 1),
        [do("keys"), do("set", "count", 2)],
        [["key", "list", "new"], None],
    ),
    _race(
        "keys that went in between are not listed",
        _AGAIN,
        do("clear"),
        [do("keys"), do("set", "count", 2)],
        [[], None],
    ),
    _race(
        "a head that went in between is not popped twice",
        _AGAIN,
        do("pop", "list"),
        [do("pop", "list"), do("append", "done", 1)],
        [2, 1],
    ),
    _race(
        "a head that came in between is popped",
        _AGAIN,
        do("prepend", "list", 0),
        [do("pop", "list"), do("pop", "list")],
        [0, 1],
    ),
    _race(
        "an append in between is nothing to a pop",
        _BLIND,
        do("append", "list", 3),
        [do("pop", "list"), do("append", "list", 4)],
        [1, 3],
    ),
    _race(
        "sums and appends in between are added to",
        _BLIND,
        do("set_many", {"key": 10, "list": [0]}),
        [do("atomic_add", "key", 1), do("append", "list", 9), do("prepend", "list", 8)],
        [11, 2, 3],
    ),
    _race(
        "an update in it sees what came in between",
        _AGAIN,
        do("set", "key", 10),
        [do("update", "key", Updater("lambda value: value + 1"))],
        [11],
    ),
    edge(
        Capability.COMMITS,
        "transact: a function that raises after what it read has changed runs again",
        _AGAIN,
        do("set", "key", 1),
        _tx(
            do("get", "key"),
            do("update", "new", Updater("lambda value: value")),
            meanwhile=do("set", "new", 1),
        ).gives([1, 1]),
    ),
    edge(
        Capability.COMMITS,
        "transact: two channels know nothing of each other",
        "never see, list, clear, lock or expire each other's keys",
        do("set", "key", 1).on("x"),
        do("set", "key", 2).on("x:"),
        _tx(do("atomic_add", "key", 1), do("keys"), do("clear")).on("x").gives([2, ["key"], None]),
        do("keys").on("x").gives([]),
        do("get", "key").on("x:").gives(2),
    ),
    edge(
        Capability.COMMITS,
        "transact: bad limits are refused",
        _END,
        body=_rejected,
    ),
    edge(
        Capability.COMMITS,
        "transact: writes need one attempt",
        _BLIND,
        body=_blind,
    ),
    edge(
        Capability.COMMITS,
        "transact: attempts come to an end",
        _END,
        body=_limited,
        needs=[Capability.LOCK],  # for the turns that attempts take
    ),
    edge(
        Capability.COMMITS,
        "transact: schemas in front of it",
        "`tx.typed(Schema)` and `tx.keyed(Schema)`",
        body=_typed,
    ),
    edge(
        Capability.COMMITS,
        "transact: nobody can use it after the end",
        "`tx` can't be used after the end",
        body=_over,
    ),
]
"""Transactions, alone and while another handle writes."""
