"""Edge cases of the fences of runs: whoever was taken over changes nothing any more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from graflow.channels.backend import Fence, Put
from graflow.channels.base import Channel
from graflow.channels.hidden_keys import kept_key
from graflow.exceptions import ChannelError, RunSupersededError
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_CLAUSE = "A run that was taken over changes nothing any more"
_KEY = kept_key("conformance", "fence")


def _lock(channel: Channel) -> None:
    with channel.lock("lock", timeout=0):
        pass


_WRITES: dict[str, Callable[[Channel], object]] = {
    "set": lambda channel: channel.set("key", 2),
    "set with a TTL": lambda channel: channel.set("key", 2, ttl=50),
    "set by etag": lambda channel: channel.set("key", 2, if_etag=channel.entry("key").etag),
    "set_many": lambda channel: channel.set_many({"key": 2, "new": 2}),
    "add": lambda channel: channel.add("new", 2),
    "update": lambda channel: channel.update("key", lambda value: value + 1),
    "atomic_add": lambda channel: channel.atomic_add("key"),
    "append": lambda channel: channel.append("list", 2),
    "prepend": lambda channel: channel.prepend("list", 2),
    "pop": lambda channel: channel.pop("list"),
    "delete": lambda channel: channel.delete("key"),
    "touch": lambda channel: channel.touch("key", 50),
    "persist": lambda channel: channel.persist("key"),
    "clear": lambda channel: channel.clear(),
    "destroy": lambda channel: channel.destroy(),
    "a lock": _lock,
    "transact": lambda channel: channel.transact(lambda tx: tx.set("key", tx.get("key") + 1)),
    "transact without reads": lambda channel: channel.transact(lambda tx: tx.append("list", 2)),
}
_NEEDS = {
    "set with a TTL": Capability.TTL,
    "touch": Capability.TTL,
    "a lock": Capability.LOCK,
}


def _try(trial: Trial, what: str, write: Callable[[Channel], object]) -> None:
    """Write before the fence is passed, and after."""
    other = trial.open("job", 1)
    fence = Fence(_KEY, b"1", "run", "workflow")
    channel = trial.open("job").on(trial.open("job").backend.fenced(fence))
    other.backend.apply(Put(_KEY, b"1"))
    trial.note(f"# {what} by a run, before and after another has taken it over")
    other.set_many({"key": 1, "list": [1]})
    try:
        write(channel)
    except ChannelError as error:
        trial.require(False, f"it works while the run is the latest one; it raised {error!r}")
    other.set_many({"key": 1, "list": [1]})
    before = other.keys()
    other.backend.apply(Put(_KEY, b"2"))
    try:
        write(channel)
    except RunSupersededError:
        found = other.get_many(other.keys())
        trial.require(sorted(other.keys()) == sorted(before), "no key came or went")
        trial.require((found["key"], found["list"]) == (1, [1]), "nothing changed")
        trial.require(channel.get("key") == 1, "the run can still read")
        return
    trial.require(False, f"{what} raises RunSupersededError")


def _edge(what: str, write: Callable[[Channel], object]) -> Edge:
    return edge(
        Capability.COMMITS,
        f"fences: {what}",
        _CLAUSE,
        body=partial(_try, what=what, write=write),
        needs=[_NEEDS[what]] if what in _NEEDS else [],
    )


EDGES = [_edge(what, write) for what, write in _WRITES.items()]
"""Each kind of write by a run that was taken over."""
