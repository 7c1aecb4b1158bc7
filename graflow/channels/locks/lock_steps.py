"""Requests of operations that take locks; see `Request`."""

from __future__ import annotations

from typing import Any, NamedTuple

from graflow.channels.backend import Backend
from graflow.channels.locks.lease import free_later

__all__ = ["Acquire", "FreeLater", "LineUp", "Release", "Sleep", "StandInLine"]


class Acquire(NamedTuple):
    """Take a lock. Answer: its fencing number, `least` or more, or who has it or is next."""

    lock: str
    owner: str
    lease: int
    least: int = 0

    def ask(self, backend: Backend) -> int | str:
        """Ask the backend."""
        return backend.acquire(*self)


class LineUp(NamedTuple):
    """Take or keep a place in the queue for a lock. Answer: how many are ahead."""

    lock: str
    owner: str
    patience: int

    def ask(self, backend: Backend) -> int:
        """Ask the backend."""
        return backend.line_up(self.lock, self.owner, self.patience)


class StandInLine(NamedTuple):
    """Find those who wait for a lock on the same event loop. Answer: their line, or `None`."""

    lock: str

    def ask(self, backend: Backend) -> Any:
        """Ask the backend."""
        return backend.line_of_loop(self.lock)


class Release(NamedTuple):
    """Free a lock. Answer: whether the owner had it."""

    lock: str
    owner: str

    def ask(self, backend: Backend) -> bool:
        """Ask the backend."""
        return backend.let_go(self.lock, self.owner)


class FreeLater(NamedTuple):
    """Free a lock in the background, as its server is away."""

    lock: str
    owner: str
    lease: int

    def ask(self, backend: Backend) -> Any:
        """Begin."""
        return backend.call(self._begin, backend.blocking)

    def _begin(self, backend: Backend) -> None:
        free_later(backend, *self)


class Sleep(NamedTuple):
    """Wait."""

    seconds: float

    def ask(self, backend: Backend) -> None:
        """Wait as those do who perform operations of this backend."""
        return backend.sleep(self.seconds)
