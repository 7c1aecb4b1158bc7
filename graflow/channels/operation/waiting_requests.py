"""Requests of operations that wait for somebody to wake them; see `Request`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from graflow.channels.backend import Backend
from graflow.channels.commits.commit import Steps
from graflow.system.wakers import LoopWaker, ThreadWaker

__all__ = ["Insist", "NewWaker", "Undivided", "WaitFor"]


class NewWaker(NamedTuple):
    """Make a waker. Answer: the waker, of the kind that suits who performs the operation."""

    def ask(self, backend: Backend) -> Any:
        """Ask the backend."""
        return backend.waker()


class WaitFor(NamedTuple):
    """Wait until a waker is woken, or the time is over. Answer: whether it was woken."""

    waker: ThreadWaker | LoopWaker
    seconds: float | None

    def ask(self, backend: Backend) -> Any:
        """Wait, wherever the backend is."""
        return self.waker.wait(self.seconds)


class Undivided(NamedTuple):
    """Carry out an operation to its end, even if whoever performs it is cancelled meanwhile.

    A cancellation that comes before it has changed anything is raised.

    Answer: its result, and the cancellation that is still to be raised, or `None`.
    """

    operation: Callable[[], Steps[Any]]

    def ask(self, backend: Backend) -> Any:
        """Ask the backend."""
        return backend.undivided(self.operation)


class Insist(NamedTuple):
    """Carry out an operation in any case, as somebody does who is being cancelled already.

    Answer: its result. Further cancellations are not raised.
    """

    operation: Callable[[], Steps[Any]]

    def ask(self, backend: Backend) -> Any:
        """Ask the backend."""
        return backend.insisted(self.operation)
