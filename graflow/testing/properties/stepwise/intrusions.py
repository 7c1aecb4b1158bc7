"""Intrusions: what an operation has looked at changes once, at each step of it in turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from graflow.channels.backend import (
    Backend,
    Change,
    Check,
    Conflict,
    Delete,
    Holds,
    KeysAre,
    Put,
    StartsWith,
)
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.trials.trial import Trial
from graflow.testing.workers.holding_up import Done, step_by_step

__all__ = ["check_checks", "check_locks"]

_HOUR = 3_600_000  # ms
_EACH = 60  # steps, of which none is left out, unless others have to wait for long

_CHECKED = "Every change to a channel is one commit: checks, and changes that are made if all hold"
_EXCLUSION = "mutual exclusion among all handles in all processes"


def _at_each_step(intrude: Callable[[int], Done[bool]]) -> None:
    """Let somebody intrude at the first step of an operation, then at the second, up to its end.

    Where there are very many steps, or others have to wait for something that takes its time, some
    of the later ones are left out.
    """
    step, waited = 1, 0
    while True:
        done = intrude(step)
        if not done.acts:
            return
        waited += done.has_waited
        step += 1 + step // _EACH + (step // 5 if waited > 2 else 0)


class _Toggle(NamedTuple):
    """A check, and changes by which it holds, or does not."""

    check: Check
    holds: list[Change]
    fails: list[Change]


_MARK = "mark"
_TOGGLES = {
    "a value": _Toggle(Holds("key", b"1"), [Put("key", b"1")], [Put("key", b"2")]),
    "a missing key": _Toggle(Holds("key", None), [Delete("key")], [Put("key", b"2")]),
    "a list": _Toggle(
        Holds("key", [b"1", b"2"]), [Put("key", [b"1", b"2"])], [Put("key", [b"1", b"3"])]
    ),
    "a head": _Toggle(
        StartsWith("key", (b"1",)), [Put("key", [b"1", b"2"])], [Put("key", [b"2", b"1"])]
    ),
    "the keys": _Toggle(
        KeysAre(("a", "b")), [Put("a", b"1"), Put("b", b"1"), Delete("c")], [Put("c", b"1")]
    ),
}


def check_checks(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let a check stop to hold between the steps of a commit that relies on it."""
    for name, toggle in _TOGGLES.items():
        with Trial(harness, _CHECKED) as trial:
            trial.note(f"# a commit checks {name}, which another handle changes meanwhile")
            _at_each_step(partial(_toggle, trial, toggle))


def _toggle(trial: Trial, toggle: _Toggle, step: int) -> Done[bool]:
    """Let a check that holds fail from a step on, unless the commit has happened by then."""
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    backend.commit((), [*toggle.holds, Delete(_MARK)])
    fails = []

    def others() -> None:
        if not isinstance(other.commit([Holds(_MARK, None)], toggle.fails), Conflict):
            fails.append(step)

    def commit() -> bool:
        return not isinstance(backend.commit([toggle.check], [Put(_MARK, b"1")]), Conflict)

    done = step_by_step(commit, others, step, 1)
    happened, is_marked = done.result, backend.get(_MARK) is not None
    trial.require(happened is is_marked, f"it happened ({is_marked}) and says so ({happened})")
    trial.require(
        happened is not bool(fails),
        "a commit happens if its checks hold at that moment, and only then",
    )
    return done


def check_locks(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Take a lock between the steps of somebody who takes it: one gets it."""
    with Trial(harness, _EXCLUSION) as trial:
        trial.note("# two handles take the lock 'key' at the same moment")
        _at_each_step(partial(_contend, trial))


def _contend(trial: Trial, step: int) -> Done[bool]:
    """Take a lock, which somebody else takes at a step of that."""
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    answers: list[int | str] = []

    def take(backend: Backend, owner: str) -> bool:
        answer = backend.acquire("key", owner, _HOUR)
        answers.append(answer)
        return isinstance(answer, int)

    others: list[bool] = []
    done = step_by_step(
        lambda: take(backend, "me"), lambda: others.append(take(other, "other")), step, 1
    )
    holders = [done.result, *others]
    trial.require(sum(holders) == 1, f"one of two gets the lock, whose answers are {answers!r}")
    backend.release("key", "me")
    other.release("key", "other")
    return done
