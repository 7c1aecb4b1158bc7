"""Edge cases of operations inside a transaction."""

from __future__ import annotations

import math
from typing import Any, TypedDict

from graflow.exceptions import (
    ChannelValidationError,
)
from graflow.testing.edges.edge import edge
from graflow.testing.edges.transactions.transaction import require_error, tx
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Left, Updater, do, wait
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_ALL = "all that it wrote happens at one moment, or none of it"
_OWN = "`tx` sees its own writes, and nobody else does before the end"


class _Order(TypedDict):
    count: int
    items: list[str]


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

    require_error(trial, ChannelValidationError, misfit, {})
    trial.require(channel.get("count") == 5, "nothing changed")


EDGES = [
    edge(
        Capability.COMMITS,
        "transact: each operation does what it does on a channel",
        _ALL,
        do("set_many", {"list": [1, 2], "number": 1, "old": 0}),
        tx(
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
        tx(
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
        tx(
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
        tx(
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
        tx(
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
        tx(do("pop", "queue"), do("append", "done", "a")).gives(["a", 1]),
        tx(do("pop", "queue"), do("keys")).gives(["b", ["done"]]),
        tx(do("pop", "queue", "none"), do("append", "queue", "c")).gives(["none", 1]),
        do("ttl", "queue").gives(None),
        do("get_many", ["queue", "done"]).gives({"queue": ["c"], "done": ["a"]}),
    ),
    edge(
        Capability.COMMITS,
        "transact: what is pushed after the last pop is a new list",
        _ALL,
        do("set_many", {"one": ["a"], "two": ["a", "b"]}, ttl=150),
        tx(
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
        tx(
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
        tx(
            do("atomic_add", "number", 1),
            do("append", "list", 2),
            do("update", "value", Updater("lambda value: 2")),
        ).gives([2, 2, 2]),
        do("ttl", "number").gives(Left(150)),
        do("ttl", "list").gives(Left(150)),
        do("ttl", "value").gives(Left(150)),
        tx(do("pop", "list"), do("set", "value", 3)).gives([1, None]),
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
        tx(
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
        "transact: nothing at all, and reading alone",
        "the operations of a channel",
        do("set", "key", 1),
        tx().gives([]),
        tx(do("get", "key"), do("get", "missing"), do("keys")).gives([1, None, ["key"]]),
        tx(do("get", "key"), meanwhile=do("set", "key", 2)).gives([2]),
    ),
    edge(
        Capability.COMMITS,
        "transact: two channels know nothing of each other",
        "never see, list, clear, lock or expire each other's keys",
        do("set", "key", 1).on("x"),
        do("set", "key", 2).on("x:"),
        tx(do("atomic_add", "key", 1), do("keys"), do("clear")).on("x").gives([2, ["key"], None]),
        do("keys").on("x").gives([]),
        do("get", "key").on("x:").gives(2),
    ),
    edge(
        Capability.COMMITS,
        "transact: schemas in front of it",
        "`tx.typed(Schema)` and `tx.keyed(Schema)`",
        body=_typed,
    ),
]
"""What operations do in a transaction that nobody disturbs."""
