"""Edge cases of leases and fences: locks as time passes."""

from __future__ import annotations

import threading
from contextlib import suppress

from graflow.exceptions import (
    ChannelTimeoutError,
    LockLostError,
)
from graflow.testing.edges.edge import edge
from graflow.testing.edges.holders.contenders import in_thread, try_lock
from graflow.testing.harness import Capability
from graflow.testing.trials.steps import do, wait
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_EXCLUSION = "mutual exclusion among all handles in all processes"
_LOST = "a lost lock raises on exit"


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
    error = try_lock(trial, 2, 0)
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
        error = try_lock(trial, 1, 0)
        trial.require(
            isinstance(error, ChannelTimeoutError),
            "the lock is held for its lease, however short the timeout is",
        )
        trial.require(not lock.lost, "it is not lost")


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
        return isinstance(try_lock(trial, 1, 0), ChannelTimeoutError) and not lock.lost
    return False


EDGES = [
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
"""Edge cases of leases and fences."""
