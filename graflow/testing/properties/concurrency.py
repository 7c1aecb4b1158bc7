"""Concurrency: the operations of threads and processes are linearizable."""

from __future__ import annotations

import multiprocessing
import random
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.linearizability import Operation, check
from graflow.testing.properties.workload import WORKLOADS, count_under_lock, work, work_together
from graflow.testing.trials.equality import same
from graflow.testing.trials.trial import Trial

__all__ = ["check_processes", "check_threads"]

_CLAUSE = (
    "Every operation is atomic and linearizable per key, across threads, processes and machines"
)
_WORKERS = 4
_PROCESSES = 3
_CALLS = 25  # of each worker in a round
_PATIENCE = 5  # times as long, if other processes keep the processor busy
_LONG = 120  # seconds after which a worker is given up on


def check_threads(
    harness: Harness, capabilities: Capabilities, budget: Budget, workload: str
) -> None:
    """Let threads with their own handles work at once, and look for an order.

    There are as many rounds as fit into a hundredth of a second per example. If the process gets
    the processor for only a part of that time, it goes on for longer.
    """
    chance = random.Random(budget.seed)
    is_enough = _timer(budget.examples / 100)
    with _frequent_switches(), ThreadPoolExecutor(_WORKERS) as pool:
        while not is_enough():
            _check_round(harness, pool, workload, chance.getrandbits(32))


def _timer(seconds: float) -> Callable[[], bool]:
    """Return a function that tells whether that many seconds of processor time have been used.

    A process that waits a lot, for a server or for other processes, is not held to that forever.
    """
    started, had = time.monotonic(), time.process_time()

    def is_enough() -> bool:
        passed = time.monotonic() - started
        busy = time.process_time() - had
        return passed >= seconds and (busy >= seconds or passed >= _PATIENCE * seconds)

    return is_enough


def _check_round(harness: Harness, pool: ThreadPoolExecutor, workload: str, seed: int) -> None:
    with Trial(harness, _CLAUSE) as trial:
        channels = [trial.open("job", number) for number in range(_WORKERS)]
        trial.note(f"# {_WORKERS} threads: {', '.join(WORKLOADS[workload].kinds)}")
        together = Barrier(_WORKERS)

        def begin(number: int) -> list[Operation]:
            together.wait(_LONG)
            return work(workload, channels[number], f"thread {number}", _CALLS, seed)

        running = [pool.submit(begin, number) for number in range(_WORKERS)]
        _require_order(trial, workload, [each.result(_LONG) for each in running])


def check_processes(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let processes with pickled handles work at once, and look for an order."""
    seed = random.Random(budget.seed).getrandbits(32)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, mp_context=context) as pool:
        for workload in ("queue", "anything", "transfers"):
            _check_order(harness, pool, workload, seed)
        if "lock" not in capabilities.unsupported:
            _check_lock(harness, pool)


def _check_order(harness: Harness, pool: ProcessPoolExecutor, workload: str, seed: int) -> None:
    with Trial(harness, _CLAUSE) as trial:
        channel = trial.open("job")
        trial.note(f"# {_PROCESSES} processes: {', '.join(WORKLOADS[workload].kinds)}")
        running = [
            pool.submit(
                work_together, workload, channel, f"process {number}", 2 * _CALLS, seed, _PROCESSES
            )
            for number in range(_PROCESSES)
        ]
        _require_order(trial, workload, [each.result(_LONG) for each in running])


def _check_lock(harness: Harness, pool: ProcessPoolExecutor) -> None:
    with Trial(harness, "mutual exclusion among all handles in all processes") as trial:
        channel = trial.open("job")
        trial.note(f"# {_PROCESSES} processes count to 20, each time under the lock")
        running = [pool.submit(count_under_lock, channel, 20) for _ in range(_PROCESSES)]
        for each in running:
            each.result(_LONG)
        total = channel.get("count")
        trial.require(total == 20 * _PROCESSES, f"no count gets lost; {total} were left")


def _require_order(trial: Trial, workload: str, histories: list[list[Operation]]) -> None:
    chosen = WORKLOADS[workload]
    operations = [each for history in histories for each in history]
    verdict = check(operations, chosen.step, chosen.start, same=same)
    for line in str(verdict).splitlines() if not verdict else ():
        trial.note(f"# {line}")
    trial.require(bool(verdict), "the operations could have happened one at a time")


@contextmanager
def _frequent_switches() -> Iterator[None]:
    """Let threads switch so often that they interfere with each other."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
