"""Marks by which a worker shows that it has begun a task submitted to an executor.

They distinguish the submission that a dead worker had begun from those that were only waiting for
it. They also keep a submission from beginning twice, or at all: only the first to take a mark gets
it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any, Protocol

from graflow.channels.base import Channel
from graflow.channels.process_ids import new_owner
from graflow.exceptions import ChannelError
from graflow.system.owned_folder import OwnedFolder, die_with_owner

__all__ = ["ChannelMarks", "FolderMarks", "Marks"]

_LEASE = 24 * 3600 * 1000
"""ms after which a mark in a channel disappears if nobody is left to remove it."""

_LINGER = 60 * 1000
"""ms for which a cluster may still start a submission that was cancelled."""


def _nothing() -> None:
    """Do nothing."""


class Marks(Protocol):
    """The marks of a run, by the numbers of its submissions."""

    def attend(self, over: Callable[[], object] = ...) -> None:
        """Do what a worker has to do when it first hears of the run.

        Args:
            over: Called on some thread when the run is over, if that can be detected.
        """

    def take(self, serial: int) -> bool:
        """Take a mark; tell whether it was free.

        Raises:
            ChannelError: The marks can't be reached.
        """

    def drop(self, serial: int) -> None:
        """Remove a mark, whoever took it."""

    def leave(self, serial: int) -> None:
        """Let a mark that was taken here hold back a cancelled submission for a while."""

    def close(self) -> None:
        """Remove whatever is left; the run is over."""


_HERE = "here-"
_MOMENT, _MOMENTS = 0.005, 200  # seconds of a pause, and the most pauses


class FolderMarks:
    """Marks for workers on this machine: files that only one process can create."""

    def __init__(self, folder: str | None = None) -> None:
        """Use the folder of a run, or make one for a new run."""
        self._owned: OwnedFolder | None = None
        if folder is None:
            self._owned = OwnedFolder("graflow-marks-")
            folder = self._owned.path
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        """Let workers use the folder, which still belongs to the run."""
        return FolderMarks, (self._folder,)

    def attend(self, over: Callable[[], object] = _nothing) -> None:
        """Have this worker end when the process of the run dies.

        Executors of the standard library would leave it running, to work through the queue and
        then wait forever, and its tasks would run beside those of a resumed run.
        """
        die_with_owner(self._folder, over)

    def gather(self, number: int) -> None:
        """Attend, and wait a moment for `number` workers to do so, as each call needs its own."""
        self.attend()
        folder = Path(self._folder)
        with suppress(FileNotFoundError):  # the run is over
            (folder / f"{_HERE}{os.getpid()}").touch()
            for _ in range(_MOMENTS):
                if len(list(folder.glob(f"{_HERE}*"))) >= number:
                    return
                sleep(_MOMENT)

    def take(self, serial: int) -> bool:
        """Take a mark; tell whether it was free."""
        try:
            os.close(os.open(f"{self._folder}/{serial}", os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        return True

    def drop(self, serial: int) -> None:
        """Remove a mark, whoever took it."""
        with suppress(FileNotFoundError):
            os.unlink(f"{self._folder}/{serial}")  # noqa: PTH108 - a Path takes longer than the call

    def leave(self, serial: int) -> None:
        """Do nothing: without the folder a submission can't begin anyway."""

    def close(self) -> None:
        """Remove the folder."""
        if self._owned is not None:
            self._owned.close()


class ChannelMarks:
    """Marks for workers anywhere: locks in the channel, which users don't see."""

    def __init__(self, channel: Channel, run: str) -> None:
        """Keep marks in the run's channel.

        Args:
            channel: The channel.
            run: The unique id of the run on this executor.
        """
        self._channel = channel
        self._run = run
        self._owners: dict[int, str] = {}

    def attend(self, over: Callable[[], object] = _nothing) -> None:
        """Do nothing: a cluster notices by itself that the process of the run is gone."""

    def take(self, serial: int) -> bool:
        """Take a mark; tell whether it was free."""
        owner = new_owner()
        if isinstance(self._channel.backend.acquire(self._name(serial), owner, _LEASE), str):
            return False
        self._owners[serial] = owner
        return True

    def drop(self, serial: int) -> None:
        """Remove a mark, whoever took it; if the channel can't be reached, the lease will end."""
        with suppress(ChannelError):
            owner = self._owners.pop(serial, None)
            if owner is None:
                owner = new_owner()
                holder = self._channel.backend.acquire(self._name(serial), owner, _LEASE)
                owner = holder if isinstance(holder, str) else owner
            self._channel.backend.release(self._name(serial), owner)

    def leave(self, serial: int) -> None:
        """Let a mark that was taken here stay for a minute."""
        with suppress(ChannelError):
            self._channel.backend.renew(self._name(serial), self._owners.pop(serial), _LINGER)

    def close(self) -> None:
        """Do nothing: each mark was dropped when its submission was over."""

    def _name(self, serial: int) -> str:
        return f"graflow:{self._run}:{serial}"
