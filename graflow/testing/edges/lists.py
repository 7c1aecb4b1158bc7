"""Edge cases of lists."""

from __future__ import annotations

from typing import Any

from graflow.exceptions import ChannelTypeError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Left, Updater, do, wait
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_NOT_A_LIST = "on a key that holds no list: refused, nothing changed"
_NOT_LISTS: list[Any] = [1, "[]", "text", {"a": 1}, {}, (), (1,), None, {1}, b"[]", 1.5]


def _refused(value: Any) -> Edge:
    return edge(
        Capability.LISTS,
        f"{value!r} is not a list",
        _NOT_A_LIST,
        do("set", "key", value),
        do("append", "key", 1).raises(ChannelTypeError),
        do("prepend", "key", 1).raises(ChannelTypeError),
        do("pop", "key", "default").raises(ChannelTypeError),
        do("get", "key").gives(value),
        do("exists", "key").gives(True),
    )


def _long(trial: Trial) -> None:
    channel = trial.open("job")
    items = list(range(12_000))
    trial.note("a.set('list', list(range(12_000))); a.append('list', -1)")
    channel.set("list", items)
    trial.require(channel.append("list", -1) == 12_001, "the length is 12,001")
    trial.require(channel.get("list") == [*items, -1], "no item of a long list is lost")
    trial.require(channel.pop("list") == 0, "pop takes the head")


EDGES = [
    *map(_refused, _NOT_LISTS),
    edge(
        Capability.LISTS,
        "append builds a list in order",
        "adds at the end or the head; creates the list; ... returns the new length",
        do("append", "list", "a").gives(1),
        do("append", "list", "b").gives(2),
        do("append", "list", "c").gives(3),
        do("get", "list").gives(["a", "b", "c"]),
    ),
    edge(
        Capability.LISTS,
        "prepend builds a list from its head",
        "adds at the end or the head; creates the list; ... returns the new length",
        do("prepend", "list", "a").gives(1),
        do("prepend", "list", "b").gives(2),
        do("append", "list", "c").gives(3),
        do("get", "list").gives(["b", "a", "c"]),
    ),
    edge(
        Capability.LISTS,
        "a list that was set can be added to at both ends",
        "works on a list that `set` stored, the empty one included",
        do("set", "list", [1, (2,)]),
        do("append", "list", 3).gives(3),
        do("prepend", "list", 0).gives(4),
        do("get", "list").gives([0, 1, (2,), 3]),
    ),
    edge(
        Capability.LISTS,
        "an empty list that was set can be appended to",
        "works on a list that `set` stored, the empty one included",
        do("set", "list", []),
        do("get", "list", 1).gives([]),
        do("exists", "list").gives(True),
        do("append", "list", 1).gives(1),
    ),
    edge(
        Capability.LISTS,
        "an empty list that was set can be prepended to",
        "works on a list that `set` stored, the empty one included",
        do("set", "list", []),
        do("prepend", "list", 1).gives(1),
    ),
    edge(
        Capability.LISTS,
        "an item that is a list stays one item",
        "adds at the end",
        do("append", "list", [1, 2]).gives(1),
        do("append", "list", []).gives(2),
        do("prepend", "list", [[3]]).gives(3),
        do("get", "list").gives([[[3]], [1, 2], []]),
        do("pop", "list").gives([[3]]),
    ),
    edge(
        Capability.LISTS,
        "append and pop make a queue",
        "removes and returns the head (the next of a FIFO filled by `append`",
        *(do("append", "queue", item).gives(item + 1) for item in range(3)),
        *(do("pop", "queue").gives(item) for item in range(3)),
        do("pop", "queue", "empty").gives("empty"),
    ),
    edge(
        Capability.LISTS,
        "prepend and pop make a stack",
        "removes and returns ... the top of a stack filled by `prepend`",
        *(do("prepend", "stack", item).gives(item + 1) for item in range(3)),
        *(do("pop", "stack").gives(item) for item in (2, 1, 0)),
        do("pop", "stack").gives(None),
    ),
    edge(
        Capability.LISTS,
        "popping the last item removes the key",
        "popping the last item removes the key",
        do("set", "list", [1]),
        do("pop", "list").gives(1),
        do("exists", "list").gives(False),
        do("keys").gives([]),
        do("get", "list", "gone").gives("gone"),
        do("delete", "list").gives(False),
    ),
    edge(
        Capability.LISTS,
        "popping from nothing gives the default",
        "`default` when there is no such key or its list is empty",
        do("pop", "list").gives(None),
        do("pop", "list", 1).gives(1),
        do("set", "list", []),
        do("pop", "list", 2).gives(2),
        do("pop", "list").gives(None),
        do("exists", "list").gives(True),
    ),
    edge(
        Capability.LISTS,
        "a popped None is an item",
        "removes and returns the head",
        do("set", "list", [None, False]),
        do("pop", "list", "default").gives(None),
        do("pop", "list", "default").gives(False),
    ),
    edge(
        Capability.LISTS,
        "append keeps the TTL",
        "without `ttl` the old TTL stays",
        do("set", "list", [1], ttl=150),
        do("append", "list", 2).gives(2),
        do("prepend", "list", 0).gives(3),
        do("ttl", "list").gives(Left(150)),
        wait(200),
        do("exists", "list").gives(False),
    ),
    edge(
        Capability.LISTS,
        "append sets the TTL of the whole list",
        "with it the TTL is set in the same atomic step",
        do("append", "list", 1).gives(1),
        do("append", "list", 2, ttl=50).gives(2),
        do("ttl", "list").gives(Left(50)),
        do("prepend", "list", 0, ttl=250).gives(3),
        wait(100),
        do("get", "list").gives([0, 1, 2]),
        wait(200),
        do("get", "list").gives(None),
    ),
    edge(
        Capability.LISTS,
        "append creates a list with a TTL",
        "with it the TTL is set in the same atomic step",
        do("append", "list", 1, ttl=50).gives(1),
        do("prepend", "other", 1, ttl=150).gives(1),
        wait(100),
        do("exists", "list").gives(False),
        do("ttl", "other").gives(Left(50)),
    ),
    edge(
        Capability.LISTS,
        "an empty list keeps its TTL when it is appended to",
        "without `ttl` the old TTL stays",
        do("set", "list", [], ttl=150),
        do("append", "list", 1).gives(1),
        do("ttl", "list").gives(Left(150)),
        do("set", "head", [], ttl=150),
        do("prepend", "head", 1).gives(1),
        do("ttl", "head").gives(Left(150)),
    ),
    edge(
        Capability.LISTS,
        "pop keeps the TTL of the rest",
        "removes and returns the head",
        do("set", "list", [1, 2], ttl=150),
        do("pop", "list").gives(1),
        do("ttl", "list").gives(Left(150)),
    ),
    edge(
        Capability.LISTS,
        "a list that begins again does not keep the old TTL",
        "creates the list",
        do("set", "list", [1], ttl=50),
        do("pop", "list").gives(1),
        do("append", "list", 2).gives(1),
        do("ttl", "list").gives(None),
        wait(100),
        do("get", "list").gives([2]),
    ),
    edge(
        Capability.LISTS,
        "appending to an expired list begins a new one that stays",
        "an expired key is a missing key",
        do("append", "list", 1, ttl=50).gives(1),
        wait(100),
        do("append", "list", 2).gives(1),
        do("ttl", "list").gives(None),
        wait(300),
        do("get", "list").gives([2]),
    ),
    edge(
        Capability.LISTS,
        "prepending to an expired value that was not a list works",
        "an expired key is a missing key",
        do("set", "key", "text", ttl=50),
        wait(100),
        do("prepend", "key", 1).gives(1),
        do("pop", "key").gives(1),
    ),
    edge(
        Capability.LISTS,
        "popping from an expired list gives the default",
        "an expired key is a missing key",
        do("set", "list", [1], ttl=50),
        do("set", "text", "no list", ttl=50),
        wait(100),
        do("pop", "list", "default").gives("default"),
        do("pop", "text", "default").gives("default"),
    ),
    edge(
        Capability.LISTS,
        "a refused append leaves the TTL too",
        _NOT_A_LIST,
        do("set", "key", 1, ttl=150),
        do("append", "key", 1, ttl=500).raises(ChannelTypeError),
        do("prepend", "key", 1, ttl=500).raises(ChannelTypeError),
        do("pop", "key").raises(ChannelTypeError),
        do("ttl", "key").gives(Left(150)),
    ),
    edge(
        Capability.LISTS,
        "a list that update made can be appended to",
        "works on a list",
        do("set", "key", 1),
        do("update", "key", Updater("lambda value: [value]")).gives([1]),
        do("append", "key", 2).gives(2),
    ),
    edge(
        Capability.LISTS,
        "a long list loses nothing",
        "O(1) in the list's length",
        body=_long,
        is_slow=True,
    ),
]
"""Edge cases of `append`, `prepend` and `pop`."""
