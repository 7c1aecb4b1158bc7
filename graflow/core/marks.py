"""Marks that tell of each submission to an executor that a worker has begun with it.

They tell what a dead worker was at from what only waited for it, and keep a submission from
beginning twice, or at all: whoever takes the mark first has it alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from typing import Protocol

from graflow.channels.base import Channel
from graflow.channels.identity import new_owner

__all__ = ["ChannelMarks", "FolderMarks", "Marks"]

_LEASE = 24 * 3600 * 1000
"""ms after which a mark in a channel is gone that nobody was left to remove."""

_LINGER = 60 * 1000
"""ms for which a cluster may still come with a submission that was called back."""


class Marks(Protocol):
    """The marks of a run, by the numbers of its submissions."""

    def take(self, serial: int) -> bool:
        """Take a mark; tell whether it was free."""

    def drop(self, serial: int) -> None:
        """Remove a mark, whoever took it."""

    def leave(self, serial: int) -> None:
        """Let a mark that was taken here keep back a submission that was called back."""

    def close(self) -> None:
        """Remove all that is left; the run is over."""


class FolderMarks:
    """Marks for workers on this machine: files that only one process can create."""

    def __init__(self) -> None:
        """Make a folder for them."""
        memory = "/dev/shm"  # where there is one, files cost no disk
        folder = memory if os.access(memory, os.W_OK) else None
        self._folder = tempfile.mkdtemp(prefix="graflow-marks-", dir=folder)

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
        """Do nothing: without its folder a submission can't begin either."""

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


class ChannelMarks:
    """Marks for workers anywhere: locks of the channel, which no user sees."""

    def __init__(self, channel: Channel, run: str) -> None:
        """Keep them in the run's channel.

        Args:
            channel: The channel.
            run: Tells the run from all others.
        """
        self._channel = channel
        self._run = run
        self._owners: dict[int, str] = {}

    def take(self, serial: int) -> bool:
        """Take a mark; tell whether it was free."""
        owner = new_owner()
        if isinstance(self._channel._acquire(self._name(serial), owner, _LEASE), str):
            return False
        self._owners[serial] = owner
        return True

    def drop(self, serial: int) -> None:
        """Remove a mark, whoever took it."""
        owner = self._owners.pop(serial, None)
        if owner is None:
            owner = new_owner()
            holder = self._channel._acquire(self._name(serial), owner, _LEASE)
            owner = holder if isinstance(holder, str) else owner
        self._channel._release(self._name(serial), owner)

    def leave(self, serial: int) -> None:
        """Let a mark that was taken here stay for a minute."""
        self._channel._renew(self._name(serial), self._owners.pop(serial), _LINGER)

    def close(self) -> None:
        """Do nothing: each mark was dropped when its submission was over."""

    def _name(self, serial: int) -> str:
        return f"graflow:{self._run}:{serial}"
