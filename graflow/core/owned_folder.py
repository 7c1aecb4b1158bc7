"""A folder that belongs to a process: others see when that dies, and clear up after it."""

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
from typing import ClassVar

if sys.platform != "win32":
    import fcntl

__all__ = ["OwnedFolder", "die_with_owner"]

_MEMORY = "/dev/shm"  # where there is one, files cost no disk
_OWNER = "owner"
_LEFT_BEHIND = 60.0  # seconds after which a folder of nobody is a leftover; a new one is younger


class OwnedFolder:
    """A folder for files that are of use as long as this process lives.

    In it is a file `owner`, which this process holds a lock on; the system takes that away when
    the process ends, however it ends. Where there are no such locks, on Windows, a folder of a
    killed process stays.

    Attributes:
        path: Where it is.
    """

    _mine: ClassVar[set[str]] = set()

    def __init__(self, prefix: str) -> None:
        """Make a folder whose name begins with `prefix`, and delete those of dead owners."""
        where = _MEMORY if os.access(_MEMORY, os.W_OK) else tempfile.gettempdir()
        _sweep(Path(where), prefix, self._mine)
        self.path = tempfile.mkdtemp(prefix=prefix, dir=where)
        self._mine.add(self.path)
        self._file = os.open(f"{self.path}/{_OWNER}", os.O_RDWR | os.O_CREAT, 0o600)
        if sys.platform != "win32":
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Delete the folder; who would die with its owner lives on."""
        os.write(self._file, b"closed\n")
        os.close(self._file)
        shutil.rmtree(self.path, ignore_errors=True)
        self._mine.discard(self.path)


def die_with_owner(folder: str, closed: Callable[[], object] = lambda: None) -> None:
    """Have this process end when the owner of `folder` dies, unless that closes it before.

    Args:
        folder: Where it is.
        closed: Called on some thread when it was closed.
    """
    with suppress(FileNotFoundError):  # it was closed
        file = os.open(f"{folder}/{_OWNER}", os.O_RDONLY)
        arguments = (file, closed)
        Thread(target=_wait_for_owner, args=arguments, name="graflow-owner", daemon=True).start()


def _wait_for_owner(file: int, closed: Callable[[], object]) -> None:
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for others
        fcntl.lockf(file, fcntl.LOCK_SH)
        if not os.fstat(file).st_size:
            os._exit(1)
        closed()
    os.close(file)


def _sweep(where: Path, prefix: str, mine: set[str]) -> None:
    for folder in where.glob(f"{prefix}*"):
        with suppress(OSError):  # somebody else deletes it as well
            state = folder.stat()
            old = time.time() - state.st_mtime > _LEFT_BEHIND
            # To close a file that this process has a lock on would end the lock.
            if old and _is_ours(state) and str(folder) not in mine and _has_no_owner(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(state: os.stat_result) -> bool:
    return sys.platform == "win32" or state.st_uid == os.getuid()


def _has_no_owner(folder: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        file = os.open(folder / _OWNER, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    finally:
        os.close(file)
    return True
