"""An observer that notes what it is told."""

from __future__ import annotations

from graflow import RunObserver, TaskEvent

__all__ = ["Log"]


class Log(RunObserver):
    """Notes each event as a line of text.

    Attributes:
        events: The lines.
        seen: What they are about.
    """

    def __init__(self) -> None:
        self.events: list[str] = []
        self.seen: list[TaskEvent] = []

    def task_started(self, event: TaskEvent) -> None:
        """Note it."""
        self._note(event, "started")

    def task_finished(self, event: TaskEvent) -> None:
        """Note it."""
        self._note(event, "finished")

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """Note it."""
        self._note(event, f"retried after {type(error).__name__}")

    def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """Note it."""
        self._note(event, f"failed with {type(error).__name__}")

    def _note(self, event: TaskEvent, what: str) -> None:
        self.seen.append(event)
        self.events.append(f"{event.task_id} {event.attempt} {what}")
