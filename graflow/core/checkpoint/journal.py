"""The checkpoint journal: a snapshot, followed by the changes since then."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Condition
from types import TracebackType
from typing import BinaryIO, Self

from graflow.channels.base import Channel
from graflow.channels.contents.change_log import Changes
from graflow.channels.contents.tracking import Tracker, tracker_of
from graflow.channels.hidden_keys import belongs_to
from graflow.core.checkpoint.checkpoint import (
    VERSION,
    FinishedTask,
    Header,
    address_of,
    entry_of,
    pack,
)
from graflow.core.checkpoint.checkpoint_files import file_errors, replace, write
from graflow.system.crashes import PlannedCrash

__all__ = ["Journal"]

_LEAST = 1 << 20  # bytes of changes that don't justify a new snapshot yet


class Journal:
    """The checkpoint of a run, kept up to date inside a `with` block.

    The file begins with a snapshot, which replaces an earlier file atomically. Changes are
    appended, at a cost proportional to their size. Once they exceed twice the snapshot, a new
    snapshot is written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        channel: Channel,
        *,
        workflow: str,
        run_id: str,
        graph: str,
        start: str | None,
        finished: Mapping[str, FinishedTask],
        crash: PlannedCrash | None = None,
    ) -> None:
        """Prepare to write.

        Args:
            path: The file.
            channel: The channel of the run; its contents are saved too, unless it is shared.
            workflow: The workflow's name.
            run_id: The id of the run.
            graph: The fingerprint of the graph.
            start: The id of the task that the run starts at; `None` if it runs everything.
            finished: The tasks that have already finished, by id.
            crash: The crash that a test has planned, after which nothing is written.
        """
        self._path, self._target = path, Path(os.path.realpath(path))
        self._header: Header = {
            "format": "graflow checkpoint",
            "version": VERSION,
            "workflow": workflow,
            "run_id": run_id,
            "graph": graph,
            "start": start,
            "channel": address_of(channel),
        }
        self._channel = channel
        self._crash = crash
        self._mine = belongs_to(run_id)
        self._finished = dict(finished)
        self._turn = Condition()
        self._pending: dict[str, FinishedTask] = {}  # what is saved with the next batch
        self._batch, self._saved = 1, 0  # the numbers of the next batch and of the last saved
        self._writing = False
        self._broken: BaseException | None = None
        self._tracker: Tracker | None = None  # if the file contains the channel
        self._file: BinaryIO
        self._sum = 0
        self._snapshot = self._changed = 0  # bytes

    def __enter__(self) -> Self:
        """Write the first snapshot."""
        if not self._channel.shared:
            self._tracker = tracker_of(self._channel.backend)
        try:
            self._write_anew()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file, and note before that the run has ended unless it failed."""
        try:
            if kind is None:
                self._end()
        finally:
            self._file.close()
            self._close()

    def record(self, finished: Mapping[str, FinishedTask]) -> None:
        """Save that tasks have finished; this is on disk when it returns.

        While one thread writes, others wait; then one of them saves everything that has finished.

        Args:
            finished: The tasks, by id.

        Raises:
            CheckpointFileError: The file can't be written; later calls fail as well.
        """
        writes = 0  # the batch that this thread writes, if it does
        try:
            with self._turn:
                self._pending.update(finished)
                batch = self._batch
                self._turn.wait_for(lambda: self._saved >= batch or not self._writing)
                if self._broken is not None:
                    raise self._broken
                if self._saved >= batch:
                    return
                writes, self._writing, self._batch = batch, True, batch + 1
                ended, self._pending = self._pending, {}
            self._append(ended)
        except BaseException as error:
            self._broken = error
            raise
        finally:
            if writes:  # even if it was interrupted: others wait
                with self._turn:
                    self._writing, self._saved = False, writes
                    self._turn.notify_all()

    def _end(self) -> None:
        self._check_life()
        line, self._sum = pack({"finished": [], "ended": True}, self._sum)
        with file_errors(self._path, self._header["workflow"]):
            write(self._file, line)

    def _append(self, ended: Mapping[str, FinishedTask]) -> None:
        self._check_life()
        self._finished.update(ended)
        if self._changed > 2 * self._snapshot + _LEAST:
            self._file.close()
            self._write_anew()
            return
        line, self._sum = pack(entry_of(ended, self._take(everything=False)), self._sum)
        with file_errors(self._path, self._header["workflow"]):
            write(self._file, line)
        self._changed += len(line)

    def _write_anew(self) -> None:
        """Write a snapshot, and replace the file with it atomically."""
        header, checksum = pack(self._header, 0)
        entry = entry_of(self._finished, self._take(everything=True))
        snapshot, self._sum = pack(entry, checksum)
        self._snapshot, self._changed = len(snapshot), 0
        with file_errors(self._path, self._header["workflow"]):
            self._file = replace(self._target, header, snapshot)

    def _take(self, *, everything: bool) -> Changes | None:
        if self._tracker is None:
            return None
        cleared, keys = self._tracker.take(everything=everything)
        return Changes(cleared, [change for change in keys if self._mine(change.key)])

    def _check_life(self) -> None:
        """Raise if this process counts as dead."""
        if self._crash is not None:
            self._crash.check()

    def _close(self) -> None:
        if self._tracker is not None:
            self._tracker.close()
