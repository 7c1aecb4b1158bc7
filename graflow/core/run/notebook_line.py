"""A line below the cell of a notebook, which is replaced by what it has become since."""

from __future__ import annotations

from contextvars import copy_context
from importlib import import_module
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

from graflow.system.without_threads import has_threads

__all__ = ["NotebookLine"]

_PAUSE: Final = 0.2  # seconds between two states that are shown


class NotebookLine:
    """One output of a cell, which shows a thing as it is now, from `start` until `stop`.

    A thread shows it anew, so that the time that is left goes on while nothing else happens. Where
    there are no threads, it is shown anew when something happens.
    """

    def __init__(self, shown: Any) -> None:
        """Prepare the line.

        Args:
            shown: What IPython knows how to show.
        """
        self._shown = shown
        self._handle: Any = None
        self._stopped = Event()
        self._thread: Thread | None = None
        self._last = 0.0

    def start(self) -> None:
        """Show it below the cell that runs now."""
        display = import_module("IPython.display").display  # where there is a notebook, it is there
        self._handle = display(self._shown, display_id=True)
        if has_threads():
            # In the cell's context, by which the kernel knows whose output it is.
            work = copy_context().run
            self._thread = Thread(target=work, args=(self._go_on,), name="progress", daemon=True)
            self._thread.start()

    def changed(self) -> None:
        """Show what it is now, if no thread does and the last time is a while ago."""
        if self._thread is None and monotonic() - self._last >= _PAUSE:
            self._show()

    def stop(self) -> None:
        """Show what has become of it, and leave it at that."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._show()

    def _go_on(self) -> None:
        while not self._stopped.wait(_PAUSE):
            self._show()

    def _show(self) -> None:
        self._last = monotonic()
        if self._handle is not None:
            self._handle.update(self._shown)
