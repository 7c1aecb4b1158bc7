"""Edge cases of what is kept about a channel beside the keys of its users."""

from __future__ import annotations

from graflow.channels.backend import Put
from graflow.channels.hidden_keys import HiddenKey, kept_key
from graflow.testing.edges.edge import edge
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_LEAVES = "It leaves locks, fences, and the list of runs"
_EVERYTHING = "`destroy` removes everything: keys, results, the list of runs, fences"
_KEPT = kept_key("conformance", "kept")
_RESULT = "\0run:1:task.__result__"


def _fill(trial: Trial) -> None:
    channel = trial.open("job")
    channel.set("key", 1)
    channel.set("list", [1])
    channel.set(HiddenKey(_RESULT), 1)
    channel.backend.commit((), [Put(_KEPT, b"1"), Put(f"{_KEPT} list", [b"1"])])
    trial.note("# a channel has a key, a list, a run's result, and two records that are kept")


def _listed(trial: Trial) -> None:
    _fill(trial)
    channel, backend = trial.open("job"), trial.open("job", 1).backend
    trial.require(sorted(channel.keys()) == ["key", "list"], "users see their keys alone")
    found = sorted(backend.keys())
    trial.require(found == sorted([_RESULT, "key", "list"]), f"`keys()` lists no others: {found}")
    found = sorted(backend.keys(kept=True))
    trial.require(found == [_KEPT, f"{_KEPT} list"], f"`keys(kept=True)` lists these: {found}")


def _cleared(trial: Trial) -> None:
    _fill(trial)
    backend = trial.open("job", 1).backend
    trial.open("job").clear()
    trial.require(backend.keys() == [], "`clear` removes the keys of users and results of runs")
    trial.require(backend.get("list") is None, "`clear` removes the keys of users")
    trial.require(sorted(backend.keys(kept=True)) == [_KEPT, f"{_KEPT} list"], _LEAVES)
    trial.require(backend.get(_KEPT) == b"1", _LEAVES)


def _destroyed(trial: Trial) -> None:
    _fill(trial)
    channel, backend = trial.open("job"), trial.open("job", 1).backend
    trial.open("job2").set("key", "other")
    channel.destroy()
    trial.require(backend.keys() == backend.keys(kept=True) == [], _EVERYTHING)
    found = backend.read([_KEPT, f"{_KEPT} list", _RESULT, "key", "list"])
    trial.require(list(found) == [None] * 5, _EVERYTHING)
    trial.require(trial.open("job2").get("key") == "other", "other channels stay as they are")
    channel.set("key", 2)
    trial.require(channel.get("key") == 2, "the channel can be used anew")


EDGES = [
    edge(Capability.COMMITS, "kept: which keys are listed", _LEAVES, body=_listed),
    edge(Capability.COMMITS, "kept: what clear removes", _LEAVES, body=_cleared),
    edge(Capability.COMMITS, "kept: destroy removes everything", _EVERYTHING, body=_destroyed),
]
"""Edge cases of what is kept."""
