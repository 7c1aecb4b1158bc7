"""Edge cases of locks: who gets one, and what it leaves alone."""

from __future__ import annotations

import math
import threading
from datetime import timedelta
from functools import partial
from typing import Any

from graflow.exceptions import (
    ChannelError,
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValueError,
    LockReentryError,
)
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.edges.holders.contenders import begin_in_thread, try_lock
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_EXCLUSION = "mutual exclusion among all handles in all processes"
_REENTRY = "taking it again from the same thread ... raises at once"


def _waits(trial: Trial) -> None:
    channel = trial.open("job")
    trial.note("with a.lock('key'): b.lock('key', timeout=...).__enter__()  # in another thread")
    with channel.lock("key"):
        for timeout in (0, 0.05):
            error = try_lock(trial, 1, timeout)
            trial.require(
                isinstance(error, ChannelTimeoutError)
                and (error.channel, error.key) == (trial.name("job"), "key"),
                f"another thread waits in vain and gets ChannelTimeoutError; it got {error!r}",
                error,
            )
        error = try_lock(trial, 1, 0, "another key")
        trial.require(error is None, "another lock is free", error)
    error = try_lock(trial, 1, 0)
    trial.require(error is None, "it is free after the body", error)


def _handed_over(trial: Trial) -> None:
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with other.lock("key", timeout=0):
                taken.set()
                free.wait(0.1)
        finally:
            taken.set()

    trial.note("# one thread holds the lock for 0.1 s while another waits for it")
    channel = trial.open("job")
    other = trial.open("job", 1)
    join = begin_in_thread(hold)
    taken.wait()
    try:
        with channel.lock("key", timeout=20):
            pass
    except ChannelTimeoutError:
        trial.require(False, "whoever waits long enough gets the lock")
    finally:
        failed = join()
    trial.require(failed is None, "a lock that nobody holds is free", failed)


def _excludes(trial: Trial) -> None:
    inside, most = 0, 0

    def work(handle: int) -> None:
        nonlocal inside, most
        channel = trial.open("job", handle)
        for _ in range(10):
            with channel.lock("key", timeout=60):
                inside += 1
                most = max(most, inside)
                threading.Event().wait(0.001)
                inside -= 1

    trial.note("# four threads, each with its own handle, take the lock ten times")
    for handle in range(4):
        trial.open("job", handle)
    joins = [begin_in_thread(partial(work, handle), 300) for handle in range(4)]
    for error in [join() for join in joins]:
        trial.require(error is None, "all get the lock in time", error)
    trial.require(most == 1, f"one holder at a time; there were {most}")


def _no_key(trial: Trial) -> None:
    channel = trial.open("job")
    trial.note("with a.lock('key'): a.set('key', 1); a.clear()")
    with channel.lock("key") as lock:
        trial.require(channel.keys() == [], "bookkeeping is never visible as a key")
        channel.set("key", 1)
        trial.require(channel.keys() == ["key"], "a lock and a key of the same name don't collide")
        channel.delete("key")
        channel.clear()
        error = try_lock(trial, 1, 0)
        trial.require(
            isinstance(error, ChannelTimeoutError), "neither `clear` nor `delete` frees it"
        )
        trial.require(not lock.lost, "the lock is still held")


def _other_channels(trial: Trial) -> None:
    trial.note("with a.lock('c'): b.lock('c', timeout=0).__enter__()")
    with trial.open("x").lock("c"):
        for name in ("x:1", "x*", "x:c"):
            with trial.open(name).lock("c", timeout=0):
                pass


def _bad_time(name: str, value: Any, kind: type[ChannelError]) -> Edge:
    return edge(
        Capability.LOCK,
        f"a {name} of {value!r} is refused",
        "`lock(key, timeout=10.0, lease=30.0)`",
        do("lock", "key", **{name: value}).rejects(kind),
        do("keys").gives([]),
    )


EDGES = [
    edge(Capability.LOCK, "another thread waits in vain", _EXCLUSION, body=_waits),
    *(
        _bad_time(name, value, kind)
        for name, value, kind in (
            ("lease", 0, ChannelValueError),
            ("lease", -1, ChannelValueError),
            ("lease", math.nan, ChannelValueError),
            ("lease", True, ChannelTypeError),
            ("lease", "5", ChannelTypeError),
            ("timeout", -1, ChannelValueError),
            ("timeout", math.nan, ChannelValueError),
            ("timeout", False, ChannelTypeError),
            ("timeout", None, ChannelTypeError),
        )
    ),
    *(
        edge(
            Capability.LOCK,
            f"{key!a} is not a valid lock name",
            "anything else is refused before the backend is touched",
            do("lock", key).rejects(kind),
        )
        for key, kind in ((1, ChannelTypeError), ("", ChannelValueError))
    ),
    edge(
        Capability.LOCK,
        "a lock is taken and given back",
        "context manager",
        do("lock", "key", timeout=0),
        do("unlock", "key"),
        do("lock", "key", timeout=timedelta(0), lease=timedelta(seconds=60).total_seconds()),
        do("unlock", "key"),
    ),
    edge(
        Capability.LOCK,
        "the same thread can't take it again",
        _REENTRY,
        do("lock", "key", timeout=60),
        do("lock", "key", timeout=60).raises(LockReentryError),
        do("lock", "key", timeout=60).on("job", 1).raises(LockReentryError),
        do("lock", "other", timeout=0),
        do("unlock", "key"),
        do("lock", "key", timeout=0).on("job", 1),
    ),
    edge(
        Capability.LOCK,
        "plain operations ignore it",
        "advisory: plain operations ignore it",
        do("lock", "key"),
        do("set", "key", [1]).on("job", 1),
        do("append", "key", 2).gives(2),
        do("delete", "key").gives(True),
        do("unlock", "key"),
    ),
    edge(
        Capability.LOCK,
        "a waiter gets it",
        "waits `timeout` at most",
        body=_handed_over,
        is_slow=True,
    ),
    edge(Capability.LOCK, "one holder at a time", _EXCLUSION, body=_excludes, is_slow=True),
    edge(Capability.LOCK, "a lock is not a key", "`clear()` does not free it", body=_no_key),
    edge(
        Capability.LOCK,
        "channels of other names have locks of their own",
        "never see, list, clear, lock or expire each other's keys",
        body=_other_channels,
    ),
]
"""Edge cases of locks."""
