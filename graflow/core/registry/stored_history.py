"""History of a run in its channel: written while the run goes on, and read by anybody."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from threading import Lock
from typing import Any, Final

from pydantic_core import from_json, to_json

from graflow.channels.backend import Backend
from graflow.channels.base import Channel
from graflow.channels.commits.commit import Change, Expire, Held, Push
from graflow.channels.hidden_keys import kept_key, run_prefix
from graflow.core.graph.workflow_graph import WorkflowGraph
from graflow.core.history.packed_graph import unpacked
from graflow.core.history.run_history import RunHistory, told_by_steps
from graflow.core.history.task_history import TaskHistory
from graflow.core.history.trail import Trail
from graflow.core.registry.run_records import alive_key, run_key, state_of
from graflow.core.registry.run_records import unpacked as unpacked_record
from graflow.core.registry.tenure import Tenure
from graflow.core.task.result_key import result_key
from graflow.exceptions import ChannelDataError, ChannelError, ChannelTypeError, RunNotFoundError
from graflow.system.crashes import Crash

__all__ = ["HistoryWriter", "run_history"]

_PERIOD: Final = 1.0
_AT_ONCE: Final = 5_000  # steps in an item of the list
_DEAD: Final = "the process that ran the task has not been heard of"


class HistoryWriter:
    """Writes the trail of a run into its channel, now and then, and at the end.

    A run does not wait for it, nor fail by it: what can't be written now is written later.
    """

    def __init__(self, trail: Trail, tenure: Tenure) -> None:
        """Write nothing yet.

        Args:
            trail: What happens to the tasks.
            tenure: The right to write for the run.
        """
        self.run_id = tenure.fence.run_id
        self._trail = trail
        self._tenure = tenure
        self._lock = Lock()
        self._unwritten: list[bytes] = []
        self._parts = 0
        self._has_ended = False
        self._kept: int | None = None

    def start(self) -> None:
        """Write from now on, if another process could read it.

        Raises:
            RuntimeError: The system can't start a thread.
        """
        _writers[id(self)] = self
        if self._tenure.is_heard:
            self._kept = self._tenure.keeper.keep(self)

    def stop(self) -> None:
        """Write no more, except by `rest`."""
        _writers.pop(id(self), None)
        if self._kept is not None:
            self._tenure.keeper.drop(self._kept)

    @property
    def period(self) -> float:
        """Seconds from one look at the trail to the next."""
        return _PERIOD

    def renew(self) -> bool:
        """Write what is new; tell whether the run is still ours."""
        with self._lock:
            if self._has_ended:
                return False  # who reads may have found this just before
            self._pack()
            try:
                while self._unwritten:
                    push = Push(history_key(self.run_id), self._unwritten[0], self._lasts)
                    if not self._tenure.commit([push]):
                        return False
                    del self._unwritten[0]
            except ChannelError:
                pass  # the next time, perhaps
            except Crash:
                return False  # the dead note nothing
        return True

    def rest(self, lasts: int | None) -> list[Change]:
        """Return what writes all that has not been written, for the end of the run.

        Args:
            lasts: ms that the history lasts from then on; `None` for ever.
        """
        with self._lock:
            self._pack()
            self._has_ended = True
            key = history_key(self.run_id)
            rest: list[Change] = [Push(key, item) for item in self._unwritten]
            return [*rest, Expire(key, lasts)]

    @property
    def _lasts(self) -> int:
        return self._tenure.lifetime or 0

    def _pack(self) -> None:
        """Take the steps that are there, and pack them as items; the caller holds the lock."""
        if not self._parts:
            self._unwritten.append(self._trail.packed_graph())
            self._add({"finished": list(self._trail.finished)})
        while steps := self._trail.take(_AT_ONCE):
            self._add({"steps": steps})

    def _add(self, part: dict[str, Any]) -> None:
        self._unwritten.append(to_json(part | {"by": self._tenure.number, "part": self._parts}))
        self._parts += 1


def history_key(run_id: str) -> str:
    """Return the key of a run's history."""
    return kept_key("history", run_id)


def run_history(channel: Channel, run_id: str) -> RunHistory:
    """Return what has happened in a run on a channel, whichever process runs it.

    Of a run under way on a server or in a file, what happened in the last second may be missing,
    unless this process runs it; so may the last second of one whose process died. In the first
    second that may be everything, the graph included.

    Args:
        channel: The channel that its workflow was given.
        run_id: The id of the run; `graflow.runs` lists them.

    Raises:
        RunNotFoundError: The channel knows of no such run, or no more.
        ChannelDataError: What is stored was not written by graflow.
    """
    if not isinstance(channel, Channel):
        raise ChannelTypeError(f"run_history takes a Channel, not {type(channel).__name__}")
    for writer in list(_writers.values()):
        if writer.run_id == run_id:
            writer.renew()
    backend = channel.backend
    record, history, alive = backend.read((run_key(run_id), history_key(run_id), alive_key(run_id)))
    known = unpacked_record(record)
    if known is None:
        raise RunNotFoundError(
            f"channel {channel.name!r} knows of no run {run_id!r}, or no more; "
            "graflow.runs(channel) lists those that it knows",
            run_id=run_id,
        )
    state = state_of(known, is_alive=alive is not None)
    graph, tasks = _told(history, known.workflow)
    if state == "dead":
        tasks = _with_results(backend, run_id, known.alone, tasks)
    return RunHistory(
        run_id, known.workflow, state, known.begun, known.ended, known.error, graph, tasks
    )


def _told(history: Held | None, workflow: str) -> tuple[WorkflowGraph, dict[str, TaskHistory]]:
    """Return the tasks of a run, and what has happened to them, from what is stored."""
    graph = WorkflowGraph(workflow, ())
    parts: list[tuple[Collection[str], list[Any]]] = []
    known: set[tuple[int, int]] = set()
    try:
        for item in _items(history):
            part = from_json(item)
            if "nodes" in part:
                graph = unpacked(workflow, part)
                continue
            number = part["by"], part["part"]
            if number in known:  # one whose reply was lost may be there twice
                continue
            known.add(number)
            if "finished" in part or not parts:  # a full store may have dropped what was before
                parts.append((part.get("finished", ()), []))
            parts[-1][1].extend(part.get("steps", ()))
        return graph, told_by_steps(graph, parts)
    except (TypeError, ValueError, LookupError) as error:
        raise ChannelDataError(f"the history of a run can't be read: {error}") from error


def _items(held: Held | None) -> list[bytes]:
    record = [] if held is None else held.record
    if isinstance(record, bytes):
        raise ChannelDataError("the history of a run can't be read: it is no list")
    return record


def _with_results(
    backend: Backend, run_id: str, is_alone: bool, tasks: dict[str, TaskHistory]
) -> dict[str, TaskHistory]:
    """Return the tasks of a run that died, of which some may have ended after the last note."""
    prefix = "" if is_alone else run_prefix(run_id)
    open_ones = [each for each in tasks.values() if each.state not in ("finished", "failed")]
    keys = [prefix + result_key(each.task_id) for each in open_ones]
    told = dict(tasks)
    for task, is_there in zip(open_ones, backend.exist(keys) if keys else (), strict=True):
        if is_there:
            told[task.task_id] = replace(task, state="finished")
        elif task.state != "waiting":
            told[task.task_id] = replace(task, state="failed", error=task.error or _DEAD)
    return told


_writers: dict[int, HistoryWriter] = {}
"""Those of runs under way in this process, by their `id`, which readers in it ask first.

Other threads may change a dict while its values are listed, but not a set.
"""


def _forget_writers() -> None:
    _writers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_writers)
