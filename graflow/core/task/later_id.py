"""The id of a task that was called without one, from the call until somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from graflow.system.forks import guard

__all__ = ["LaterId", "naming"]


class _Naming:
    """The lock of whoever gives out ids, or puts tasks in order or looks at their order.

    It is that of all workflows, which can be pickled without it.
    """

    def __init__(self) -> None:
        """Be free."""
        self.lock = RLock()
        guard(self)

    def start_anew(self) -> None:
        """Be free in a forked process."""
        self.lock = RLock()


naming = _Naming()


class LaterId:
    """An id that the task's workflow gives out as late as possible.

    By then it is known which other tasks the workflow has: the one that was called may join after
    the call, as in `load | load(rows=3)`, and keeps its own id.

    Attributes:
        stem: The id of the task that was called.
    """

    stem: str

    def __init__(self, stem: str, settle: Callable[[], object]) -> None:
        """Be open.

        Args:
            stem: The id of the task that was called.
            settle: Has the workflow call `become` on the open ids of all its tasks.
        """
        self.stem = stem
        self._settle = settle
        self._text: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has asked for it yet."""
        return self._text is None

    def become(self, text: str) -> None:
        """Be `text` from now on."""
        self._text = text

    def text(self) -> str:
        """Return the id, which never changes again."""
        if self._text is None:
            self._settle()
        assert self._text is not None
        return self._text
