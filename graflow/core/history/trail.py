"""Trail of a run: what happens to its tasks, noted in the process that runs it."""

from __future__ import annotations

import os
import traceback
from collections import deque
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final, TypeAlias

from graflow.core.graph.workflow_graph import WorkflowGraph
from graflow.system.clock import microseconds_since_1970
from graflow.system.packed_errors import describe

__all__ = ["FAILED", "FINISHED", "RETRIED", "STARTED", "Step", "Trail", "sendable", "text_of"]

STARTED: Final = "s"
FINISHED: Final = "f"
RETRIED: Final = "r"
FAILED: Final = "x"

Step: TypeAlias = tuple[Any, ...]
"""What happened, to which task, and when, in µs since 1970; of an attempt that failed, also the
error as text, and its traceback."""

_PACKAGE = f"{Path(__file__).parents[2]}{os.sep}"
_LONGEST = 20_000  # characters of a traceback; its end says the most
_LONGEST_ERROR = 2_000  # characters
_MOST_TRACEBACKS = 1_000  # of a run, lest one whose tasks all fail fills the store


class Trail:
    """What has happened to the tasks of a run, step by step; any thread may add to it.

    Attributes:
        notes: Whether steps are noted at all.
        graph: Returns the tasks of the run, and their order.
        packed_graph: Returns the same as JSON.
        finished: The ids of the tasks that were done before the run began or went on.
        begun: When it began or went on, in µs since 1970.
        ended: When it ended; `None` while it runs.
        error: What ended it, as text; `None` if nothing did.
    """

    def __init__(
        self,
        graph: Callable[[], WorkflowGraph],
        packed_graph: Callable[[], bytes] = bytes,
        finished: Collection[str] = (),
        *,
        notes: bool = True,
    ) -> None:
        """Begin with nothing.

        Args:
            graph: Returns the tasks of the run, and their order.
            packed_graph: Returns the same as JSON, if the trail is to be stored.
            finished: The ids of those that were done before.
            notes: Whether steps are noted.
        """
        self.notes = notes
        self.graph = graph
        self.packed_graph = packed_graph
        self.finished = finished
        self.begun = microseconds_since_1970()
        self.ended: int | None = None
        self.error: str | None = None
        self._steps: deque[Step] = deque()
        self._tracebacks = _MOST_TRACEBACKS

    def started(self, task_id: str) -> None:
        """Note that an attempt at a task begins."""
        self._steps.append((STARTED, task_id, microseconds_since_1970()))

    def finished_task(self, task_id: str) -> None:
        """Note that a task is done."""
        self._steps.append((FINISHED, task_id, microseconds_since_1970()))

    def retried(self, task_id: str, error: BaseException) -> None:
        """Note that an attempt failed, and that there will be another."""
        self._note_error(RETRIED, task_id, error)

    def failed(self, task_id: str, error: BaseException) -> None:
        """Note that a task failed for good."""
        self._note_error(FAILED, task_id, error)

    def end(self, error: BaseException | None) -> None:
        """Note that the run has ended, and with what."""
        self.error = None if error is None else text_of(error)
        self.ended = microseconds_since_1970()

    def steps(self) -> list[Step]:
        """Return all steps that have not been taken."""
        return list(self._steps.copy())

    def take(self, most: int) -> list[Step]:
        """Remove the first steps, and return them; the caller is the only one who takes any."""
        return [self._steps.popleft() for _ in range(min(most, len(self._steps)))]

    def _note_error(self, kind: str, task_id: str, error: BaseException) -> None:
        self._tracebacks -= 1
        told = _traceback(error) if self._tracebacks >= 0 else None
        self._steps.append((kind, task_id, microseconds_since_1970(), text_of(error), told))


def _traceback(error: BaseException) -> str:
    """Return the end of an error's traceback, from the task's function on.

    It has no values of variables. What called the function says nothing to users.
    """
    try:
        told = traceback.TracebackException.from_exception(error)
        inside = (frame.filename.startswith(_PACKAGE) for frame in told.stack)
        first = next((n for n, is_inside in enumerate(inside) if not is_inside), 0)
        del told.stack[:first]
        text = "".join(told.format())
    except Exception:  # noqa: BLE001 - the exception's own code
        text = describe(error)
    return sendable(text[-_LONGEST:])


def text_of(error: BaseException) -> str:
    """Return the name and the text of an error as it is stored: at most 2,000 characters."""
    return sendable(describe(error)[:_LONGEST_ERROR])


def sendable(text: str) -> str:
    """Return a text with a mark in place of whatever can't be stored: lone surrogates."""
    return text.encode("utf-8", "replace").decode()
