"""File locks, which the system releases when their process ends, in whatever way."""

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
    """A lock on a file, respected by all `FileLock`s on it, in this process and in others.

    It uses `flock`, which belongs to this open file description, so nothing else that the process
    does with the file ends it. (A POSIX record lock ends as soon as the process closes any
    descriptor of the file, for example after copying its folder.) A forked child would share the
    lock and keep it beyond its parent's death, so it is closed there.

    On Windows, which has nothing like `flock`, it only works within one process.
    """

    _open: ClassVar[set[FileLock]] = set()
    _opening: ClassVar[RLock] = RLock()  # keeps forks out between opening and noting it
    _taken: ClassVar[dict[str, FileLock]] = {}  # on Windows

    def __init__(self, path: str | os.PathLike[str], *, create: bool = True) -> None:
        """Open the file, without locking it yet.

        Args:
            path: The file; a symbolic link is not followed.
            create: Whether to create it if it does not exist, accessible by this user only.

        Raises:
            OSError: It can't be opened or created.
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
        """Return the descriptor of the locked file.

        Raises:
            ValueError: It is closed.
        """
        if self._file is None:
            raise ValueError(f"the lock on {self._name} is closed")
        return self._file

    def acquire(self, *, shared: bool = False, timeout: float | None = 0.0) -> bool:
        """Take the lock, and tell whether that succeeded.

        Args:
            shared: Whether other holders that also share it may have it at the same time.
            timeout: Seconds to wait for it, >= 0; `None` waits without limit.
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
        """Free the lock, even if other processes have inherited it, and close the file."""
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
        """Tell whether `path` still names the locked file."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self.fileno()), os.lstat(path))
        return False

    def _acquire_in_process(self) -> bool:
        return self._taken.setdefault(self._name, self) is self

    @classmethod
    def _close_all(cls) -> None:
        """Close the parent's locks, in a forked process."""
        for lock in list(cls._open):
            lock.close()
        cls._opening.release()


def is_locked(path: str | os.PathLike[str]) -> bool:
    """Tell whether somebody holds the lock on a file exclusively; on Windows, always say yes.

    A file that does not exist is not locked.

    Raises:
        OSError: The file can't be opened.
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
