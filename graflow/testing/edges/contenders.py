"""Threads that contend for a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable

from graflow.testing.trials.trial import Trial

__all__ = ["begin_in_thread", "in_thread", "try_lock"]


def in_thread(body: Callable[[], object]) -> BaseException | None:
    """Run `body` in a new thread, and return what it raised."""
    return begin_in_thread(body)()


def begin_in_thread(body: Callable[[], object]) -> Callable[[], BaseException | None]:
    """Run `body` in a new thread, and return a function that waits and returns what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            body()
        except BaseException as error:  # noqa: BLE001 - returned to the caller
            raised.append(error)

    def join() -> BaseException | None:
        thread.join()
        return raised[0] if raised else None

    thread = threading.Thread(target=run)
    thread.start()
    return join


def try_lock(trial: Trial, handle: int, timeout: float, key: str = "key") -> BaseException | None:
    """Take a lock in another thread and release it, and return what that raised."""

    def body() -> None:
        with channel.lock(key, timeout=timeout):
            pass

    channel = trial.open("job", handle)
    return in_thread(body)
