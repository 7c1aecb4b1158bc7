"""Threads that begin a task together, and are left to themselves if they don't end."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from graflow.testing.workers.meeting import Meeting, Seat

__all__ = ["in_threads"]

_LONG = 120.0  # seconds after which a thread is given up
_LEFT = 5.0  # seconds for the others once one has failed: they may wait for what it took


def in_threads(tasks: Sequence[Callable[[Seat], Any]]) -> list[Any]:
    """Carry out each task in a thread of its own, and return their results.

    Args:
        tasks: Each is called with the seat of its thread in the meeting of all.

    Raises:
        TimeoutError: One did not end in time; its thread goes on.
        Exception: What the first task that failed has raised.
    """
    meeting = Meeting.of_threads(len(tasks))
    ended: queue.SimpleQueue[tuple[int, Any, Exception | None]] = queue.SimpleQueue()

    def perform(number: int, task: Callable[[Seat], Any]) -> None:
        try:
            ended.put((number, task(Seat(meeting, number)), None))
        except Exception as error:  # noqa: BLE001 - raised by who has asked
            ended.put((number, None, error))

    for number, task in enumerate(tasks):
        threading.Thread(target=perform, args=(number, task), daemon=True).start()
    results: list[Any] = [None] * len(tasks)
    failure: Exception | None = None
    until = time.monotonic() + _LONG
    for _ in tasks:
        try:
            number, result, error = ended.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise failure or TimeoutError(f"a thread did not end within {_LONG:.0f} s") from None
        results[number] = result
        if error is not None and failure is None:
            failure, until = error, min(until, time.monotonic() + _LEFT)
    if failure is not None:
        raise failure
    return results
