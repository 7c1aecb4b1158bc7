"""Sights of a change that is under way, and reads that others change something during."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graflow.channels.backend import (
    KEEP,
    Add,
    Backend,
    Change,
    Delete,
    Expire,
    Holds,
    Pop,
    Push,
    Put,
)
from graflow.testing.budget import Budget
from graflow.testing.edges.holders.contenders import in_thread
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.trials.trial import Trial
from graflow.testing.workers.holding_up import step_by_step

__all__ = ["check_neighbours", "check_reads", "check_sights"]

_HOUR = 3_600_000  # ms

_PART = "A commit happens all at once: nobody ever sees a part of it"
_ATOMIC = "Every operation is atomic and linearizable per key"
_MOMENT = "`get_many`, `set_many`, `keys` and `transact` are atomic over the channel"

_PATIENCE = 30.0  # seconds, for two who read a few times

_MANY = [f"key {number}" for number in range(130)]
_SEEN = (_MANY[0], _MANY[60], _MANY[-1], "key", "list", "new")


def _fill(backend: Backend, has_ttl: bool) -> None:
    backend.clear()
    ttl = _HOUR if has_ttl else None
    backend.commit(
        (), [Put("key", b"1"), Put("list", [b"1", b"2"], ttl), *(Put(key, b"0") for key in _MANY)]
    )


def _sights(has_ttl: bool) -> dict[str, Callable[[Backend], object]]:
    """Return changes, each of which is one to everybody else."""
    ttl, kept = (_HOUR, _HOUR) if has_ttl else (None, KEEP)
    commits: dict[str, list[Change]] = {
        "set a new key with a TTL": [Put("new", b"1", ttl)],
        "set a TTL with a new value": [Put("key", b"2", ttl)],
        "set a value that lasts": [Put("list", b"2")],
        "set a list": [Put("list", [b"3", b"4", b"5"], ttl)],
        "set many keys": [Put(key, b"1", ttl) for key in _MANY],
        "append to a list that lasts then": [
            Push("list", b"3"),
            *([Expire("list", None)] if has_ttl else []),
        ],
        "append to a new list with a TTL": [Push("new", b"1", kept)],
        "append two items": [Push("list", b"3", kept), Push("list", b"0", kept, at_head=True)],
        "pop the last item": [Pop("list"), Pop("list")],
        "move an item": [Pop("list"), Push("new", b"1", kept)],
        "add and delete": [Add("key", 1), Delete("list")],
    }
    changes: dict[str, Callable[[Backend], object]] = {
        name: lambda backend, made=made: backend.commit((), made)  # type: ignore[misc]
        for name, made in commits.items()
    }
    return {
        **changes,
        "put": lambda backend: backend.put("new", b"1", ttl),
        "apply a push": lambda backend: backend.apply(Push("new", b"1", kept)),
        "apply a put": lambda backend: backend.apply(Put("key", b"2", ttl)),
        "clear": lambda backend: backend.clear(),
        "if it holds": lambda backend: backend.commit(
            [Holds("key", b"1")], [Put("key", b"2", ttl), Put("new", b"2", ttl), Delete("list")]
        ),
    }


def check_sights(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Look at the channel between the steps of each kind of change: it happened or it did not."""
    has_ttl = "ttl" not in capabilities.unsupported
    for name, change in _sights(has_ttl).items():
        with Trial(harness, _PART) as trial:
            backend, other = trial.open("job").backend, trial.open("job", 1).backend
            _fill(backend, has_ttl)

            def look(other: Backend = other) -> Any:
                return [held and (held.record, held.left is not None) for held in other.read(_SEEN)]

            seen, before = [], look()
            trial.note(f"# {name}, while another handle looks at {_SEEN}")
            step_by_step(lambda: change(backend), lambda: seen.append(look()))  # noqa: B023
            both = before, look()
            for each in seen:
                trial.require(
                    each in both,
                    f"others see what was there before, or what is there afterwards; {each!r} is "
                    f"neither {both[0]!r} nor {both[1]!r}",
                )


def check_reads(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Change two keys at once between the steps of each read: none sees only one change."""
    with Trial(harness, _MOMENT) as trial:
        backend, other = trial.open("job").backend, trial.open("job", 1).backend
        rounds = [0]

        def write() -> None:
            rounds[0] += 1
            value = b"%d" % rounds[0]
            other.commit((), [Put(_MANY[0], value), Put(_MANY[-1], value)])

        def swap() -> None:
            rounds[0] += 1
            here, there = ("a", "b") if rounds[0] % 2 else ("b", "a")
            other.commit((), [Put(here, b"1"), Delete(there)])

        for every in (1, 2):
            backend.commit((), [Put(key, b"0") for key in _MANY])
            trial.note("# another handle changes two keys while this one reads them and others")
            found = step_by_step(lambda: backend.read(_MANY), write, every).result
            records = [held and held.record for held in found]
            trial.require(records[0] == records[-1], "`get_many` reads at one moment")
            digests = step_by_step(lambda: backend.digests(_MANY), write, every).result
            trial.require(digests[0] == digests[-1], "digests are of one moment")
            backend.clear()
            swap()
            trial.note("# another handle deletes a key and stores another while this one lists")
            keys = step_by_step(backend.keys, swap, every).result
            trial.require(
                keys in (["a"], ["b"]), f"one of two keys is there at any moment, not {keys}"
            )
            exist = step_by_step(lambda: backend.exist(["a", "b"]), swap, every).result
            trial.require(sum(exist) == 1, f"one of two keys is there at any moment: {exist}")
            backend.clear()


def check_neighbours(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let another thread read on the same handle, between the steps of a read: each has its own."""
    reads: dict[str, Callable[[Backend, str], object]] = {
        "read": lambda backend, key: backend.read([key]),
        "get": lambda backend, key: backend.get(key),
        "digests": lambda backend, key: backend.digests([key]),
        "head": lambda backend, key: backend.head(f"list of {key}", 1),
    }
    with Trial(harness, _ATOMIC) as trial:
        trial.open("job")  # clears the channel, even if the other is stuck
        backend = trial.open("job", 1).backend
        for key in ("mine", "other"):
            backend.commit(
                (), [Put(key, f'"{key}"'.encode()), Push(f"list of {key}", key.encode())]
            )
        for name, read in reads.items():
            trial.note(f"# two threads use {name!r} of one handle, each for its own key")
            right = read(backend, "mine"), read(backend, "other")
            mine, others = list[object](), list[object]()

            def look(read: Callable[[Backend, str], object] = read) -> None:
                act = partial(read, backend, "mine")
                mine.append(step_by_step(act, lambda: others.append(read(backend, "other"))).result)  # noqa: B023

            error = in_thread(look, _PATIENCE)
            trial.require(error is None, f"no thread waits for what the other gets: {error!r}")
            trial.require(
                mine == [right[0]] and all(each == right[1] for each in others),
                f"each thread gets what is under its own key, not {mine!r} and {others!r}",
            )
