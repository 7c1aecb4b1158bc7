"""Threads that contend for a lock."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Final

from graflow.testing.trials.trial import Trial

__all__ = ["NAME", "Unfinished", "begin_in_thread", "in_thread", "try_lock"]

NAME: Final = "graflow-contender"
"""What the threads are called: one that a channel lets wait for ever stays behind."""

_LONG = 8.0  # seconds, for what needs no time; time that a busy machine takes
_SLICE = 0.1  # seconds; a busy machine makes each of them longer


class Unfinished(Exception):
    """Something that should come to an end goes on and on."""


def in_thread(body: Callable[[], object], limit: float = _LONG) -> BaseException | None:
    """Run `body` in a new thread, and return what it raised.

    Args:
        body: The function.
        limit: Seconds after which it is left alone, and `Unfinished` is returned.
    """
    return begin_in_thread(body, limit)()


def begin_in_thread(
    body: Callable[[], object], limit: float = _LONG
) -> Callable[[], BaseException | None]:
    """Run `body` in a new thread, and return a function that waits and returns what it raised.

    Args:
        body: The function.
        limit: Seconds after which it is left alone, and `Unfinished` is returned.
    """
    raised: list[BaseException] = []

    def run() -> None:
        try:
            body()
        except BaseException as error:  # noqa: BLE001 - returned to the caller
            raised.append(error)

    def join() -> BaseException | None:
        for _ in range(math.ceil(limit / _SLICE)):
            thread.join(_SLICE)
            if not thread.is_alive():
                break
        else:
            return Unfinished(f"it goes on after {limit:g} seconds")
        return raised[0] if raised else None

    thread = threading.Thread(target=run, name=NAME, daemon=True)
    thread.start()
    return join


def try_lock(trial: Trial, handle: int, timeout: float, key: str = "key") -> BaseException | None:
    """Take a lock in another thread and release it, and return what that raised."""

    def body() -> None:
        with channel.lock(key, timeout=timeout):
            pass

    channel = trial.open("job", handle)
    return in_thread(body, _LONG + timeout)
