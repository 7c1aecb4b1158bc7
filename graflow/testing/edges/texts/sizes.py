"""Edge cases of sizes: many keys at once, long values, and lists of many items."""

from __future__ import annotations

from graflow.testing.edges.edge import edge
from graflow.testing.harness import Capability
from graflow.testing.trials.equality import same
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_EXIST = "one round trip; the dict has the keys that exist"
_ALL = "`set_many` writes all or nothing"
_LISTED = "this channel's live keys, no duplicates"
_SAME = "What `get` returns equals what was stored"


def _batch(trial: Trial) -> None:
    channel = trial.open("job")
    values = {f"key {number}": number for number in range(2_500)}
    trial.note("values = {f'key {number}': number for number in range(2_500)}")
    trial.note("a.set_many(values); a.get_many(values); a.keys()")
    channel.set_many(values)
    found = channel.get_many([*values, "missing"])
    trial.require(same(found, values, in_order=False), f"{_EXIST}; it has {len(found)} of 2,500")
    keys = channel.keys()
    trial.require(sorted(keys) == sorted(values), f"{_LISTED}; there are {len(keys)} of 2,500")
    channel.transact(lambda tx: [tx.delete(key) for key in tx.keys()])  # noqa: SIM118 - no dict
    trial.require(channel.keys() == [], "a transaction can delete them all")


def _large(trial: Trial) -> None:
    channel = trial.open("job")
    trial.note("a.set('key', 'x' * 1_100_000); a.append('list', 'x' * 1_100_000)")
    for value in ("x" * 70_000, "\u20ac" * 25_000, "x" * 1_100_000):
        channel.set("key", value)
        trial.require(channel.get("key") == value, f"{_SAME}, of {len(value):,} characters too")
        channel.append("list", value)
        trial.require(channel.get("list", [])[-1] == value, f"{_SAME}, as an item too")


def _capped(trial: Trial) -> None:
    channel = trial.open("job")
    items = list(range(70_000))
    trial.note("a.set('list', list(range(70_000))); a.append('list', -1); a.prepend('list', -2)")
    channel.set("list", items)
    trial.require(channel.append("list", -1) == 70_001, "append returns the new length")
    trial.require(channel.prepend("list", -2) == 70_002, "prepend returns the new length")
    trial.require(channel.get("list") == [-2, *items, -1], "no item of a long list is lost")


EDGES = [
    edge(Capability.BATCHES, "2,500 keys at once", _ALL, body=_batch, is_slow=True),
    edge(Capability.VALUES, "more than a megabyte of text", _SAME, body=_large, is_slow=True),
    edge(
        Capability.LISTS,
        "a list of 70,000 items",
        "adds at the end or the head",
        body=_capped,
        is_slow=True,
    ),
]
"""Edge cases of sizes."""
