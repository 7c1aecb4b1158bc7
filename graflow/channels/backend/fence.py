"""Fences: numbers that tell whoever may write from those who may not any more."""

from __future__ import annotations

from typing import NamedTuple

from graflow.exceptions import RunSupersededError

__all__ = ["Fence"]


class Fence(NamedTuple):
    """A number that whoever writes has taken, and that a later one replaces.

    Attributes:
        key: The key of the number.
        record: The number, as its key holds it until then.
        run_id: The run whose number it is.
        workflow: The run's workflow.
    """

    key: str
    record: bytes
    run_id: str
    workflow: str

    def passed(self) -> RunSupersededError:
        """Return the error for a change that comes too late."""
        return RunSupersededError(
            f"run {self.run_id!r} of workflow {self.workflow!r} was taken over by whoever resumed "
            "it, or its channel was destroyed or lost its data, or the run is over and nothing of "
            "it was kept; this process may not write for it any more, and nothing was stored",
            workflow=self.workflow,
            run_id=self.run_id,
        )
