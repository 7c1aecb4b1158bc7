"""Concurrency: the operations of threads and processes are linearizable."""

from __future__ import annotations

import os
import pickle
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from graflow.channels.base import Channel
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.linearizability import Operation, check
from graflow.testing.properties.concurrency.after_forks import Fork
from graflow.testing.properties.concurrency.exclusion import Count, Stay, overlap
from graflow.testing.properties.concurrency.work import Failed, Work
from graflow.testing.properties.concurrency.workload import WORKLOADS
from graflow.testing.properties.refusal import refuse
from graflow.testing.trials.equality import same
from graflow.testing.trials.trial import Trial
from graflow.testing.workers.in_threads import in_threads
from graflow.testing.workers.meeting import Seat
from graflow.testing.workers.team import SIZE, Team, team

__all__ = [
    "check_forks",
    "check_lock_of_processes",
    "check_lock_of_threads",
    "check_processes",
    "check_threads",
]

_CLAUSE = (
    "Every operation is atomic and linearizable per key, across threads, processes and machines"
)
_EXCLUSION = "mutual exclusion among all handles in all processes"
_PICKLED = "Handles can be pickled and work in the process that loads them"
_FORKED = (
    "After `os.fork` a handle works in the child, and no lock of the parent's threads is taken"
)
_AFTER_FORKS = ("own keys", "anything", "transfers")
_THREADS = 4
_LEAST = 4  # rounds
_EXAMPLES = 5  # for each round
_BOUND = 0.02  # seconds for each example, after which three quarters of the rounds are enough
_PAUSE_OF_THREADS = 0.002
_PAUSE_OF_PROCESSES = 0.005

Workers = Callable[[Sequence[Callable[[Seat], Any]]], list[Any]]


def check_threads(
    harness: Harness,
    capabilities: Capabilities,
    budget: Budget,
    workload: str,
    one_handle: bool,
) -> None:
    """Let threads work at once, and look for an order.

    Args:
        harness: The means to reach the backend.
        capabilities: The backend's promises.
        budget: Determines how many rounds there are.
        workload: What they do.
        one_handle: Whether they all use the same handle, as the tasks of a run do.
    """
    how = "one handle" if one_handle else "a handle each"
    with _frequent_switches():
        for seed in _rounds(budget):
            with Trial(harness, _CLAUSE) as trial:
                trial.open("job")  # clears the channel, even if the others are stuck
                trial.note(f"# {_THREADS} threads with {how}: {_kinds(workload)}")
                tasks = [
                    Work(
                        trial.open("job", 1 if one_handle else number + 1),
                        f"thread {number}",
                        seed,
                        _PAUSE_OF_THREADS,
                        workload=workload,
                    )
                    for number in range(_THREADS)
                ]
                _require_order(trial, workload, _perform(trial, in_threads, tasks))


def check_processes(
    harness: Harness, capabilities: Capabilities, budget: Budget, workload: str
) -> None:
    """Let processes with pickled handles work at once, and look for an order."""
    for seed in _rounds(budget):
        with Trial(harness, _CLAUSE) as trial:
            trial.note(f"# {SIZE} processes with a handle each: {_kinds(workload)}")
            channel = _require_pickles(trial)
            tasks = [
                Work(
                    channel,
                    f"process {number}",
                    seed,
                    _PAUSE_OF_PROCESSES,
                    True,
                    workload=workload,
                )
                for number in range(SIZE)
            ]
            _require_order(trial, workload, _perform(trial, team().perform, tasks))


def check_lock_of_threads(
    harness: Harness, capabilities: Capabilities, budget: Budget, one_handle: bool
) -> None:
    """Let threads count under a lock, each with a handle, or all with one."""
    with _frequent_switches():
        for seed in _rounds(budget):
            with Trial(harness, _EXCLUSION) as trial:
                trial.open("job")
                trial.note(f"# {_THREADS} threads count, each time under the lock")
                handles = [
                    trial.open("job", 1 if one_handle else number + 1) for number in range(_THREADS)
                ]
                tasks = [
                    Count(handle, f"thread {number}", seed, _PAUSE_OF_THREADS)
                    for number, handle in enumerate(handles)
                ]
                _require_exclusion(trial, trial.open("job"), _perform(trial, in_threads, tasks))


def check_lock_of_processes(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let processes count under a lock."""
    for seed in _rounds(budget):
        with Trial(harness, _EXCLUSION) as trial:
            trial.note(f"# {SIZE} processes count, each time under the lock")
            channel = _require_pickles(trial)
            tasks = [
                Count(channel, f"process {number}", seed, _PAUSE_OF_PROCESSES, True)
                for number in range(SIZE)
            ]
            _require_exclusion(trial, channel, _perform(trial, team().perform, tasks))


def check_forks(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Fork a process that was started for this, and let both use a handle at once."""
    if not hasattr(os, "fork"):
        return
    with closing(Team(1)) as alone:
        for number, seed in enumerate(_rounds(budget)):
            workload = _AFTER_FORKS[number % len(_AFTER_FORKS)]
            with Trial(harness, _FORKED) as trial:
                trial.note(f"# os.fork(), then parent and child use a: {_kinds(workload)}")
                channel = _require_pickles(trial)
                task = Fork(workload, channel, seed, _PAUSE_OF_PROCESSES)
                (forked,) = _perform(trial, alone.perform, [task])
                _require_order(trial, workload, forked.histories)
                sums, late = channel.get("busy", 0), channel.get("late")
                trial.require(
                    sums == forked.sums,
                    f"what another thread adds counts once: {forked.sums} times 1, "
                    f"and `busy` is {sums}",
                )
                trial.require(late == 1, f"the child goes on alone; `late` is {late!r}, and not 1")


def _rounds(budget: Budget) -> Iterator[int]:
    """Yield the seed of each round.

    The number of rounds depends on the examples alone, however long a round takes; but if they
    take very long, a quarter of them is left out.
    """
    chance = random.Random(budget.seed)
    started = time.monotonic()
    rounds = max(_LEAST, budget.examples // _EXAMPLES)
    for number in range(rounds):
        if number >= rounds * 3 / 4 and time.monotonic() - started > _BOUND * budget.examples:
            break
        yield chance.getrandbits(32)


def _kinds(workload: str) -> str:
    return ", ".join(dict.fromkeys(WORKLOADS[workload].kinds))


def _require_pickles(trial: Trial) -> Channel:
    """Return a handle that other processes can load."""
    channel = trial.open("job")
    try:
        pickle.dumps(channel)
    except Exception as error:  # noqa: BLE001 - whatever a broken backend raises
        refuse(trial, f"a handle can't be pickled: {error!r}", _PICKLED, error)
    return channel


def _perform(trial: Trial, workers: Workers, tasks: Sequence[Callable[[Seat], Any]]) -> list[Any]:
    """Let workers carry out tasks at once, and return their results."""
    try:
        return workers(tasks)
    except Failed as failed:
        refuse(
            trial,
            str(failed),
            "no operation fails because others happen at the same time",
            failed.error,
        )
    except Exception as error:  # noqa: BLE001 - whatever a broken backend raises
        refuse(trial, repr(error), "all workers come to their end", error)


def _require_order(trial: Trial, workload: str, histories: list[list[Operation]]) -> None:
    chosen = WORKLOADS[workload]
    operations = [each for history in histories for each in history]
    trial.harness.tally.add_history(len(operations))
    verdict = check(operations, chosen.step, chosen.start, same=same, keys=chosen.keys)
    for line in str(verdict).splitlines() if not verdict else ():
        trial.note(f"# {line}")
    trial.require(bool(verdict), "the operations could have happened one at a time")


def _require_exclusion(trial: Trial, channel: Channel, stays: list[list[Stay]]) -> None:
    both = overlap(stay for each in stays for stay in each)
    for stay in both:
        trial.note(f"# {stay}")
    trial.require(not both, "no two of them have the lock at the same time")
    times = sum(map(len, stays))
    trial.harness.tally.add_history(times)
    total = channel.get("count")
    trial.require(total == times, f"no count of {times} gets lost; {total} were left")


@contextmanager
def _frequent_switches() -> Iterator[None]:
    """Let threads switch so often that they interfere with each other."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
