"""The initializer of a pool's processes, run along with the one its owner gave."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

__all__ = ["Greeting", "greeting_of"]


class Greeting:
    """The initializer of a pool, and what runs that use the pool add to it for their time.

    Attributes:
        calls: What a new process calls first. To add to it changes what is called in processes
            that start later.
    """

    def __init__(self, initializer: Callable[..., object] | None) -> None:
        """Begin with the initializer that the pool has."""
        self.calls: list[Callable[[], object]] = []
        self._initializer = initializer

    def __call__(self, *arguments: object) -> None:
        """Greet the process that calls this."""
        for call in self.calls:
            call()
        if self._initializer is not None:
            self._initializer(*arguments)


def greeting_of(executor: Executor) -> Greeting | None:
    """Return the greeting of a pool, which gets one if it has none; `None` if it can't have one.

    There is no public way to it: an executor is made by its user, and shows its initializer to
    nobody. The standard library and loky read this attribute whenever they start a process.
    """
    pool: Any = executor
    if not hasattr(pool, "_initializer") or not hasattr(pool, "_processes"):
        return None
    if not isinstance(pool._initializer, Greeting):
        pool._initializer = Greeting(pool._initializer)
    greeting: Greeting = pool._initializer
    return greeting
