"""`SQLiteChannel`: a channel in a file, shared by the processes of one machine."""

from __future__ import annotations

import os
import sqlite3
from typing import Any, Final, Self

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.base import Channel
from graflow.channels.per_run import PerRun
from graflow.channels.sqlite.database import database_at
from graflow.channels.sqlite.sqlite_backend import SQLiteBackend
from graflow.channels.sqlite.temporary import temporary_file
from graflow.exceptions import ChannelTypeError, ChannelUnavailableError, ChannelValueError

__all__ = ["SQLiteChannel"]

_TIMEOUT: Final = 5.0  # seconds, unless something else is said
_OLDEST: Final = (3, 37, 0)


class SQLiteChannel(Channel):
    """A channel in an SQLite file, which any number of channels may share.

    Threads and processes of one machine that name the same file share its channels. Nothing has to
    be installed or started, and the file can be looked into with any tool for SQLite. Writers take
    turns, so one file takes no more changes a second than one process can make.

    To copy the file while it is in use, let SQLite do it (`sqlite3 FILE ".backup COPY"`). What is
    copied otherwise may be damaged.
    """

    backend: SQLiteBackend

    def __init__(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        timeout: Seconds = _TIMEOUT,
        durable: bool = True,
    ) -> None:
        """Open a handle on the channel called `name`; it opens the file when it is first used.

        Args:
            name: Non-empty text.
            path: The file, on a disk of this machine. It is made if it does not exist; its folder
                must exist.
            timeout: Seconds that an operation may take in total, waiting for other writers
                included.
            durable: Whether each change is on the disk before it is answered. Otherwise a loss of
                power, or a crash of the system, may cost the changes of the last seconds, the
                latest first; the file stays intact. A process that is killed costs nothing either
                way.

        Raises:
            ChannelTypeError: An argument is of the wrong type.
            ChannelValueError: The name, the path or the timeout is invalid, or the path is on a
                network file system.
            ChannelUnavailableError: The SQLite of this Python is older than 3.37.
        """
        if sqlite3.sqlite_version_info < _OLDEST:
            raise ChannelUnavailableError(
                f"SQLite {'.'.join(map(str, _OLDEST[:2]))} is needed, and this Python has "
                f"{sqlite3.sqlite_version}"
            )
        if type(durable) is not bool:
            raise ChannelTypeError(f"durable must be a bool, not {type(durable).__name__}")
        seconds = milliseconds(timeout, "timeout") / 1000
        database = database_at(_checked(path), durable=durable)
        super().__init__(SQLiteBackend(name, database, seconds))

    @classmethod
    def temporary(cls, name: str = "default", *, timeout: Seconds = _TIMEOUT) -> Self:
        """Open a handle on a channel in a file of its own, which goes away with this process.

        The file is in a new folder that only this user can enter. Other processes reach it
        through pickled handles, or after a fork. It is deleted when the last handle of this
        process is closed or forgotten, or the process ends; if it is killed, a later one deletes
        the file.

        Args:
            name: Non-empty text.
            timeout: As for any channel.
        """
        file = temporary_file()
        channel = cls(name, file.path, timeout=timeout, durable=False)
        channel.backend.keep(file)
        return channel

    @classmethod
    def per_run(
        cls,
        name: str,
        path: str | os.PathLike[str],
        *,
        timeout: Seconds = _TIMEOUT,
        durable: bool = True,
    ) -> PerRun[Self]:
        """Return a function that gives each run its own channel, for `workflow(channel=...)`.

        All of them are in one file. A run's channel is called `<name>:<run id>`, with `:` and `%`
        in the name replaced by `%3A` and `%25`. Called with a run's id, the function opens the
        channel of that run.

        Args:
            name: Non-empty text.
            path: As for any channel; the same goes for the other arguments.
            timeout: As for any channel.
            durable: As for any channel.

        Raises:
            ChannelTypeError, ChannelValueError: As for any channel.
        """
        return PerRun(cls(name, path, timeout=timeout, durable=durable))

    def __repr__(self) -> str:
        """Show the name and the file."""
        if self.is_unfinished:
            return super().__repr__()
        return f"SQLiteChannel({self.name!r}, {self.backend.address!r})"

    def close(self) -> None:
        """Close the file, unless other handles of this process use it; the stored data stays.

        This handle can no longer be used.
        """
        super().close()


def _checked(path: Any) -> str:
    if not isinstance(path, str | os.PathLike):
        raise ChannelTypeError(f"path must be text or a Path, not {type(path).__name__}")
    text = os.fspath(path)
    if not isinstance(text, str):
        raise ChannelTypeError(f"path must be text, not {type(text).__name__}")
    if not text or text == ":memory:" or "\0" in text:
        raise ChannelValueError(
            f"path must name a file, not {text!r}; a channel in memory is a MemoryChannel"
        )
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise ChannelValueError(
            f"path must name a file, and no file can be called {text!r}"
        ) from None
    return text
