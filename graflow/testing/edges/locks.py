"""Edge cases of locks."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from graflow.exceptions import (
    ChannelError,
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValueError,
    LockLostError,
    LockReentryError,
)
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import do, wait
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_EXCLUSION = "mutual exclusion among all handles in all processes"
_REENTRY = "taking it again from the same thread ... raises at once"
_LOST = "a lost lock raises on exit"


def in_thread(body: Callable[[], object]) -> BaseException | None:
    """Run `body` in a new thread, and return what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            body()
        except BaseException as error:  # noqa: BLE001 - returned to the caller
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def _enter(trial: Trial, handle: int, timeout: float, key: str = "key") -> BaseException | None:
    """Take a lock in another thread and release it, and return what that raised."""

    def body() -> None:
        with channel.lock(key, timeout=timeout):
            pass

    channel = trial.open("job", handle)
    return in_thread(body)


def _waits(trial: Trial) -> None:
    channel = trial.open("job")
    trial.note("with a.lock('key'): b.lock('key', timeout=...).__enter__()  # in another thread")
    with channel.lock("key"):
        for timeout in (0, 0.05):
            error = _enter(trial, 1, timeout)
            trial.require(
                isinstance(error, ChannelTimeoutError)
                and (error.channel, error.key) == (trial.name("job"), "key"),
                f"another thread waits in vain and gets ChannelTimeoutError; it got {error!r}",
            )
        error = _enter(trial, 1, 0, "another key")
        trial.require(error is None, f"another lock is free; it gave {error!r}")
    error = _enter(trial, 1, 0)
    trial.require(error is None, f"it is free after the body; it gave {error!r}")


def _handed_over(trial: Trial) -> None:
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with trial.open("job", 1).lock("key", timeout=0):
            taken.set()
            free.wait(0.1)

    trial.note("# one thread holds the lock for 0.1 s while another waits for it")
    channel = trial.open("job")
    trial.open("job", 1)
    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(10)
    try:
        with channel.lock("key", timeout=20):
            pass
    except ChannelTimeoutError:
        trial.require(False, "whoever waits long enough gets the lock")
    finally:
        holder.join()


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
    errors: list[BaseException | None] = [None] * 4
    threads = [
        threading.Thread(target=lambda n=n: errors.__setitem__(n, in_thread(lambda: work(n))))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trial.require(errors == [None] * 4, f"all get the lock in time; they raised {errors}")
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
        error = _enter(trial, 1, 0)
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


def _fences(trial: Trial) -> None:
    trial.note("# the fencing numbers of one holder after another")
    fences = []
    for handle in (0, 1, 0, 2):
        with trial.open("job", handle).lock("key") as lock:
            fences.append(lock.fence)
    trial.require(
        fences == sorted(set(fences)), f"each fence is larger than the one before: {fences}"
    )


def _fence_after_loss(trial: Trial) -> None:
    loser = trial.open("job").lock("key", lease=60)
    trial.note("# one holder's lease ends, and another takes the lock")
    loser.__enter__()
    first = loser.fence
    trial.advance(100)
    successor = trial.open("job", 1).lock("key", timeout=0)
    error = in_thread(successor.__enter__)
    trial.require(error is None, f"a dead holder frees it; it gave {error!r}")
    try:
        loser.__exit__(None, None, None)
    except LockLostError:
        pass
    else:
        trial.require(False, _LOST)
    error = _enter(trial, 2, 0)
    trial.require(
        isinstance(error, ChannelTimeoutError), "the loser frees nothing: the successor holds it"
    )
    with trial.open("job").lock("other"):
        pass
    trial.advance(100)
    with trial.open("job").lock("key", timeout=0) as again:
        trial.require(again.fence > first, "fencing numbers grow")


def _timeout_is_no_lease(trial: Trial) -> None:
    trial.note("lock = a.lock('key', timeout=0.5, lease=600); advance(100)")
    with trial.open("job").lock("key", timeout=0.5, lease=600) as lock:
        trial.advance(100)
        error = _enter(trial, 1, 0)
        trial.require(
            isinstance(error, ChannelTimeoutError),
            "the lock is held for its lease, however short the timeout is",
        )
        trial.require(not lock.lost, "it is not lost")


def _bad_time(name: str, value: Any, kind: type[ChannelError]) -> Edge:
    return edge(
        Capability.LOCK,
        f"a {name} of {value!r} is refused",
        "`lock(key, timeout=10.0, lease=30.0)`",
        do("lock", "key", **{name: value}).rejects(kind),
        do("keys").gives([]),
    )


def _renewed(trial: Trial) -> None:
    trial.note("# a body holds a lock for longer than its lease")
    trial.require(
        any(_outlives(trial, lease) for lease in (1.2, 8)),  # a busy machine may lose a short one
        "the lease is renewed while the holder lives, so a long body keeps the lock",
    )


def _outlives(trial: Trial, lease: float) -> bool:
    with suppress(LockLostError), trial.open("job").lock("key", lease=lease) as lock:
        for _ in range(3):
            threading.Event().wait(lease * 0.36)  # the lease is renewed after a third
            if trial.harness.advance is not None:
                trial.advance(lease * 0.4)
        return isinstance(_enter(trial, 1, 0), ChannelTimeoutError) and not lock.lost
    return False


EDGES = [
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
        "a lock whose lease ended raises on exit",
        _LOST,
        do("lock", "key", lease=60),
        wait(100),
        do("unlock", "key").raises(LockLostError),
        do("lock", "key", timeout=0),
        moves_time=True,
    ),
    edge(Capability.LOCK, "another thread waits in vain", _EXCLUSION, body=_waits),
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
    edge(Capability.LOCK, "fencing numbers grow", _EXCLUSION, body=_fences),
    edge(
        Capability.LOCK,
        "the loser of a lock frees nothing",
        _LOST,
        body=_fence_after_loss,
        moves_time=True,
    ),
    edge(
        Capability.LOCK,
        "the timeout has nothing to do with the lease",
        "waits `timeout` at most, ...; the lease is renewed while the holder lives",
        body=_timeout_is_no_lease,
        moves_time=True,
    ),
    edge(
        Capability.LOCK,
        "a body longer than the lease keeps the lock",
        "the lease is renewed while the holder lives",
        body=_renewed,
        is_slow=True,
    ),
]
"""Edge cases of `lock`."""
