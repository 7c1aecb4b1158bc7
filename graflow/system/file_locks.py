"""Locks on files, which the system releases when their process ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from threading import RLock
from typing import ClassVar, Self

if sys.platform != "win32":
    import fcntl

__all__ = ["FileLock", "is_locked"]

_PAUSE = 0.005  # seconds between two attempts


class FileLock:
    """A lock on a file, among all that take one on it, in this process and in others.

    It is one of `flock`: it belongs to the file as it was opened here, so nothing else that the
    process does with the file ends it. (A POSIX record lock ends as soon as the process closes
    any descriptor of the file, as copying its folder does.) A forked child would share it, and
    keep it beyond its parent's death; so it is closed there.

    Windows has nothing of the kind: there it keeps apart what is in one process alone.
    """

    _open: ClassVar[set[FileLock]] = set()
    _opening: ClassVar[RLock] = RLock()  # so that no fork comes between opening and noting it
    _taken: ClassVar[dict[str, FileLock]] = {}  # on Windows

    def __init__(self, path: str | os.PathLike[str], *, create: bool = True) -> None:
        """Open the file, without locking it yet.

        Args:
            path: The file. It is never one that a symbolic link leads to.
            create: Whether to make it, for this user alone, if there is none.

        Raises:
            OSError: It can't be opened, or made.
        """
        self._name = os.fspath(path)
        flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | (os.O_CREAT if create else 0)
        with self._opening:
            self._file: int | None = os.open(path, flags, 0o600)
            self._open.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    @property
    def closed(self) -> bool:
        """Whether the file is closed, here or by a fork."""
        return self._file is None

    def fileno(self) -> int:
        """Return the descriptor of the file, which the lock belongs to.

        Raises:
            ValueError: It is closed.
        """
        if self._file is None:
            raise ValueError(f"the lock on {self._name} is closed")
        return self._file

    def acquire(self, *, shared: bool = False, timeout: float | None = 0.0) -> bool:
        """Take the lock, and tell whether it could be had.

        Args:
            shared: Whether others may have it at the same time, if they share it too.
            timeout: Seconds to wait for it, >= 0; `None`: as long as it takes.
        """
        if sys.platform == "win32":
            return self._acquire_in_process()
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        if timeout is None:
            fcntl.flock(self.fileno(), kind)
            return True
        deadline = time.monotonic() + timeout
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(self.fileno(), kind | fcntl.LOCK_NB)
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)

    def release(self) -> None:
        """Free the lock, also for processes that have inherited it, and close the file."""
        if self._file is not None and sys.platform != "win32":
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self.close()

    def close(self) -> None:
        """Close the file; a process that has inherited the lock keeps it."""
        with self._opening:
            if self._file is not None:
                os.close(self._file)
                self._file = None
                self._open.discard(self)
            if self._taken.get(self._name) is self:
                del self._taken[self._name]

    def is_on(self, path: str | os.PathLike[str]) -> bool:
        """Tell whether the file is the one that has this name now."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self.fileno()), os.lstat(path))
        return False

    def _acquire_in_process(self) -> bool:
        return self._taken.setdefault(self._name, self) is self

    @classmethod
    def _close_all(cls) -> None:
        """Close, in a forked process, what its parent has open."""
        for lock in list(cls._open):
            lock.close()
        cls._opening.release()


def is_locked(path: str | os.PathLike[str]) -> bool:
    """Tell whether somebody has the lock on a file, and does not share it; on Windows, say yes.

    Raises:
        OSError: The file can't be opened; where there is none, nobody has it.
    """
    if sys.platform == "win32":
        return True
    try:
        lock = FileLock(path, create=False)
    except FileNotFoundError:
        return False
    free = lock.acquire(shared=True)
    lock.release()
    return not free


if sys.platform != "win32":
    os.register_at_fork(
        before=FileLock._opening.acquire,
        after_in_parent=FileLock._opening.release,
        after_in_child=FileLock._close_all,
    )
