"""Threads that wait on channels, and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Self

from graflow.channels.watching.changes import KeyChange
from graflow.channels.watching.watch import Watch
from tests.patience import PATIENCE

__all__ = ["Waiter", "told"]


class Waiter:
    """A thread that does one thing, which may take a while; a context manager that awaits it."""

    def __init__(self, action: Callable[[], Any]) -> None:
        """Begin."""
        self._action = action
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._action()
        except BaseException as error:  # noqa: BLE001 - whoever asks is told
            self._error = error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.result()

    def result(self) -> Any:
        """Wait for its end, and return the result, or raise the error."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "it still waits"
        if self._error is not None:
            raise self._error
        return self._result

    @property
    def waits(self) -> bool:
        """Whether it has not come to its end."""
        return self._thread.is_alive()


def told(watch: Watch, count: int) -> list[KeyChange]:
    """Return the next changes, sorted by their keys."""
    with Waiter(lambda: sorted(next(watch) for _ in range(count))) as waiter:
        changes: list[KeyChange] = waiter.result()
    return changes
