"""Runs that a worker process knows, because their tasks were sent there."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from graflow.core.run.event_loop import EventLoop
from graflow.core.state.run_state import RunState
from graflow.core.travel.marks import Marks
from graflow.core.travel.parcel import unpack_run

__all__ = ["KNOWN_RUNS", "KnownRun", "KnownRuns"]

_KEPT = 4


@dataclass
class KnownRun:
    """A run that this process knows.

    Attributes:
        state: What all parts of the run share.
        marks: Show which submissions have begun.
        loop: The event loop of its coroutines.
        attempts: The number of attempts in progress here.
    """

    state: RunState
    marks: Marks
    loop: EventLoop
    attempts: int = 0


class KnownRuns:
    """The runs that this process knows: those with attempts in progress here, and the last few."""

    def __init__(self) -> None:
        """Begin without any."""
        self.reset()

    def reset(self) -> None:
        """Forget all runs, without ending them: they may belong to a forked process's parent."""
        self._lock = Lock()
        self._known: OrderedDict[str, KnownRun] = OrderedDict()
        self._ends_well = False

    def enter(self, run: str, packed: bytes | None) -> KnownRun | None:
        """Return what is known of a run, for an attempt that begins; `None` if nothing is.

        Args:
            run: The unique id of the run on this executor.
            packed: The packed run, in case it is not known here yet.
        """
        with self._lock:
            known = self._known.get(run)
            if known is None:
                if packed is None:
                    return None
                state, marks = unpack_run(packed)
                loop = EventLoop(f"graflow-{state.workflow_name}-loop")
                known = self._known[run] = KnownRun(state, marks, loop)
                marks.attend(lambda: self._forget(run))
            self._known.move_to_end(run)
            known.attempts += 1
            idle = [run for run, each in self._known.items() if not each.attempts]
            forgotten = idle[: max(0, len(self._known) - _KEPT)]
            loops = [self._known.pop(run).loop for run in forgotten]
            self._end_well()
        for loop in loops:
            loop.close()
        return known

    def leave(self, run: str, known: KnownRun) -> None:
        """Note that an attempt has ended."""
        with self._lock:
            known.attempts -= 1
            over = not known.attempts and self._known.get(run) is not known
        if over:
            known.loop.close()

    def _forget(self, run: str) -> None:
        """Forget a run that is over."""
        with self._lock:
            known = self._known.pop(run, None)
            over = known is not None and not known.attempts
        if known is not None and over:
            known.loop.close()

    def _end_well(self) -> None:
        """Have the loops closed when this process ends, however it was started."""
        if not self._ends_well:
            self._ends_well = True
            # Not at the top, as it takes long to import; worker processes have it already.
            from multiprocessing.util import Finalize  # noqa: PLC0415

            Finalize(None, self._close, exitpriority=100)

    def _close(self) -> None:
        for known in self._known.values():
            known.loop.close()


KNOWN_RUNS = KnownRuns()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=KNOWN_RUNS.reset)  # the runs belong to its parent
