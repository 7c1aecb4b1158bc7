"""Edge cases of a backend's locks: how long they are held, by whom, and their fences."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from graflow.channels.backend import Backend
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_LEASE = "the lease is renewed while the holder lives, ... and a dead holder frees it"
_FENCE = "A fence is larger than every earlier fence of this channel"
_EXCLUSION = "mutual exclusion among all handles in all processes"
_MINUTE = 60_000  # ms
_TRIES = 5

_TAKERS: dict[str, Callable[[Backend, int], object]] = {
    "a lease": lambda backend, lease: backend.acquire("key", "me", lease),
    "a renewed lease": lambda backend, lease: (
        backend.acquire("key", "me", 10 * _MINUTE),
        backend.renew("key", "me", lease),
    ),
}


def _soon_free(trial: Trial, what: str, take: Callable[[Backend, int], object]) -> None:
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    for lease, passes in ((250, 0.55), (1_050, 1.6)):
        trial.note(f"# {what} of {lease} ms; advance({passes})")
        take(backend, lease)
        trial.advance(passes)
        answer = other.acquire("key", "you", _MINUTE)
        trial.require(isinstance(answer, int), f"{passes} s later the lock is free: {answer!r}")
        other.release("key", "you")


def _still_held(trial: Trial, what: str, take: Callable[[Backend, int], object]) -> None:
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    trial.note(f"# {what} of 10,950 ms; advance(10.05)")
    for _ in range(_TRIES):  # a busy machine may need some of the time itself
        before = time.monotonic()
        take(backend, 10_950)
        trial.advance(10.05)
        answer = other.acquire("key", "you", _MINUTE)
        if time.monotonic() - before < 0.8:
            trial.require(answer == "me", f"10.05 s later the lock is held: {answer!r}")
            return
        other.release("key", "you")


def _others(trial: Trial) -> None:
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    trial.note("# whoever does not hold a lock can neither renew it nor give it back")
    trial.require(not backend.renew("key", "me", _MINUTE), "a free lock can't be renewed")
    trial.require(not backend.release("key", "me"), "a free lock can't be given back")
    trial.require(isinstance(backend.acquire("key", "me", _MINUTE), int), "a free lock is taken")
    trial.require(not other.renew("key", "you", _MINUTE), "only its holder renews a lock")
    trial.require(not other.release("key", "you"), "only its holder gives a lock back")
    trial.require(other.acquire("key", "you", _MINUTE) == "me", "the answer is the holder's name")
    trial.require(other.renew("key", "me", _MINUTE), "a holder renews through any handle")
    trial.require(backend.release("key", "me"), "a holder gives the lock back")
    trial.require(not backend.release("key", "me"), "it is given back once")


def _dead(trial: Trial) -> None:
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    trial.note("# a lease of a minute; advance(100); then its holder comes back")
    first = backend.acquire("key", "me", _MINUTE)
    trial.advance(100)
    trial.require(not backend.renew("key", "me", _MINUTE), "a lock that was lost is not renewed")
    trial.require(not backend.release("key", "me"), "a lock that was lost is not given back")
    second = other.acquire("key", "you", _MINUTE)
    trial.require(isinstance(second, int), f"a dead holder frees it; it gave {second!r}")
    trial.require(not backend.renew("key", "me", _MINUTE), "another holds the lock")
    trial.require(not backend.release("key", "me"), "another holds the lock")
    trial.require(backend.acquire("key", "me", _MINUTE) == "you", "another holds the lock")
    trial.require(str(first) < str(second), f"{_FENCE}: {first}, {second}")


def _fences(trial: Trial) -> None:
    channel = trial.open("job")
    backend, fences = channel.backend, []
    trial.note("# fences of two locks, also after `clear()` and `destroy()`")
    for number, between in enumerate([None, None, channel.clear, None, channel.destroy, None] * 2):
        lock, owner = "ab"[number % 2], f"owner {number}"
        if between is not None:
            between()
        fences.append(backend.acquire(lock, owner, _MINUTE))
        backend.release(lock, owner)
    trial.require(
        all(isinstance(fence, int) for fence in fences) and fences == sorted(set(fences)),
        f"{_FENCE}: {fences}",
    )


def _least(trial: Trial) -> None:
    backend, least = trial.open("job").backend, 2**52
    trial.note("# a fence of at least 2**52 is asked for")
    for owner in ("me", "you"):
        fence = backend.acquire("key", owner, _MINUTE, least)
        trial.require(isinstance(fence, int) and fence >= least, f"at least {least}: {fence}")
        more = backend.acquire("key", owner, _MINUTE, least + 1_000)
        trial.require(
            isinstance(more, int) and more >= least + 1_000,
            f"a holder that asks for a larger one gets it: {more}",
        )
        backend.release("key", owner)
        least += 1_000
    last = backend.acquire("other", "me", _MINUTE)
    trial.require(isinstance(last, int) and last > least, f"{_FENCE}: {last} after {least}")
    backend.release("other", "me")


def _leases(what: str, take: Callable[[Backend, int], object]) -> list[Edge]:
    return [
        edge(
            Capability.LOCK,
            f"{what} below a second is no second",
            _LEASE,
            body=partial(_soon_free, what=what, take=take),
        ),
        edge(
            Capability.LOCK,
            f"a part of a second of {what} is not lost",
            _LEASE,
            body=partial(_still_held, what=what, take=take),
            moves_time=True,
        ),
    ]


EDGES = [
    *(each for what, take in _TAKERS.items() for each in _leases(what, take)),
    edge(Capability.LOCK, "others neither renew a lock nor free it", _EXCLUSION, body=_others),
    edge(
        Capability.LOCK,
        "a lock that was lost is neither renewed nor freed",
        _LEASE,
        body=_dead,
        moves_time=True,
    ),
    edge(Capability.LOCK, "fences after clear and destroy", _FENCE, body=_fences),
    edge(Capability.LOCK, "the least fence", _FENCE, body=_least),
]
"""Edge cases of a backend's locks."""
