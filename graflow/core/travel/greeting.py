"""An initializer for a pool's processes, which also runs the one that its owner gave."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

__all__ = ["Greeting", "greeting_of"]


class Greeting:
    """The initializer of a pool, to which runs add calls while they use the pool.

    Attributes:
        calls: What a new process calls first. Changes take effect in processes that start later.
    """

    def __init__(self, initializer: Callable[..., object] | None) -> None:
        """Wrap the initializer that the pool has, if any."""
        self.calls: list[Callable[[], object]] = []
        self._initializer = initializer

    def __call__(self, *arguments: object) -> None:
        """Initialize the process that calls this."""
        for call in self.calls:
            call()
        if self._initializer is not None:
            self._initializer(*arguments)


def greeting_of(executor: Executor) -> Greeting | None:
    """Return the greeting of a pool, which gets one if necessary; `None` if it can't have one.

    There is no public way to do this: users make their executors, and those hide their
    initializers. The standard library and loky read this attribute whenever they start a process.
    """
    pool: Any = executor
    if not hasattr(pool, "_initializer") or not hasattr(pool, "_processes"):
        return None
    if not isinstance(pool._initializer, Greeting):
        pool._initializer = Greeting(pool._initializer)
    greeting: Greeting = pool._initializer
    return greeting
