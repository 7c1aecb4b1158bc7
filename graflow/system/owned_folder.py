"""A folder owned by a process: if the owner dies, others notice and clean up."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from graflow.system.file_locks import FileLock, is_locked

__all__ = ["OwnedFolder", "die_with_owner"]

_MEMORY = "/dev/shm"  # files there cost no disk space, if it exists
_OWNER = "owner"
_LEFT_BEHIND = 60.0  # seconds after which a folder without an owner is a leftover, and not new


class OwnedFolder:
    """A folder for files that are only useful while this process lives.

    It contains a file `owner`, which this process has locked. On Windows, where other processes
    can't see that lock, the folder of a killed process stays.

    Attributes:
        path: The path of the folder.
    """

    def __init__(self, prefix: str, *, in_memory: bool = False) -> None:
        """Make a folder, and delete those of dead owners.

        Args:
            prefix: The beginning of its name, which also tells it from others.
            in_memory: Whether it had better be in memory, where there is little room.
        """
        is_there = in_memory and os.access(_MEMORY, os.W_OK)
        where = _MEMORY if is_there else tempfile.gettempdir()
        _sweep(Path(where), prefix)
        self.path = tempfile.mkdtemp(prefix=prefix, dir=where)
        self._lock = FileLock(f"{self.path}/{_OWNER}")
        self._lock.acquire()

    def close(self) -> None:
        """Delete the folder; processes that would die with its owner live on."""
        os.write(self._lock.fileno(), b"closed\n")
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def die_with_owner(folder: str, closed: Callable[[], object] = lambda: None) -> None:
    """Have this process end when the owner of `folder` dies, unless it closes the folder first.

    Args:
        folder: The path of the folder.
        closed: Called on some thread once the folder is closed.
    """
    with suppress(FileNotFoundError):  # it was closed
        lock = FileLock(f"{folder}/{_OWNER}", create=False)
        arguments = (lock, closed)
        Thread(target=_wait_for_owner, args=arguments, name="graflow-owner", daemon=True).start()


def _wait_for_owner(lock: FileLock, closed: Callable[[], object]) -> None:
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for others
        lock.acquire(shared=True, timeout=None)
        if not os.fstat(lock.fileno()).st_size:
            os._exit(1)
        closed()
    lock.release()


def _sweep(where: Path, prefix: str) -> None:
    for folder in where.glob(f"{prefix}*"):
        with suppress(OSError):  # somebody else deletes it as well
            state = folder.lstat()
            old = time.time() - state.st_mtime > _LEFT_BEHIND
            if old and _is_ours(state) and not is_locked(folder / _OWNER):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(state: os.stat_result) -> bool:
    return sys.platform == "win32" or state.st_uid == os.getuid()
