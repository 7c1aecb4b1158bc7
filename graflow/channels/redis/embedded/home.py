"""Directories of embedded servers: which are trusted, and what dead servers left behind.

Anyone who can write to a directory, or to one above it, can replace it by another one with a server
of their own. So all of them must belong to this user or the superuser, and nobody else may write to
them. A directory like /tmp is an exception: its sticky bit keeps users from touching each other's
files.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from graflow.channels.redis.embedded.guard import SOCKET, USERS
from graflow.exceptions import ChannelNotFoundError, ChannelTypeError, ChannelValueError
from graflow.system.file_locks import is_locked

__all__ = ["OF", "RUNNING", "new_directory", "prepared", "remove", "require_home", "sweep"]

RUNNING = "graflow.running"
"""The file with a lock on it as long as a server keeps its data in the directory."""

OF = "graflow.home"
"""The file beside a server's socket that says in which directory the server keeps its data."""

_PREFIX = "graflow-embedded-"
_LONGEST = 100  # bytes of a socket's path
_LEFT_BEHIND = 60.0  # seconds after which a directory that nobody uses is a leftover


def prepared(path: str | os.PathLike[str]) -> Path:
    """Return the directory for a server's data, made if need be, by its full path.

    Raises:
        ChannelTypeError: It is not a path.
        ChannelValueError: It can't be made or written to, holds something else, or others can
            write to it or put another one in its place.
    """
    if not isinstance(path, str | os.PathLike):
        raise ChannelTypeError(f"the server's path must be a path, not {type(path).__name__}")
    if not os.fspath(path):
        raise ChannelValueError("the server's path must be that of a directory, not ''")
    try:
        home = Path(path).expanduser().resolve()
        why = _make(home)
        content = set() if why else {entry.name for entry in home.iterdir()}
    except (OSError, RuntimeError, ValueError) as error:  # also `~nobody`, or a zero byte
        raise ChannelValueError(f"a server can't keep its data in {path!s}: {error}") from error
    if not why and not os.access(home, os.W_OK | os.X_OK):
        why = "it can't be written to"
    if why:
        raise ChannelValueError(f"a server can't keep its data in {home}: {why}")
    if content and USERS not in content:
        raise ChannelValueError(
            f"the directory {home} holds something else ({min(content)}); give a server an empty "
            "one, or one that does not exist yet"
        )
    return home


def require_home(path: str) -> None:
    """Require that a directory is one in which a server keeps its data.

    Raises:
        ChannelNotFoundError: There is no such directory.
        ChannelValueError: It is something else.
    """
    home = Path(path).resolve()
    if not home.exists():
        raise ChannelNotFoundError(f"there is no directory {home}")
    if not (home / USERS).is_file():
        what = "is no directory" if not home.is_dir() else "is no directory of an embedded server"
        raise ChannelValueError(f"{home} {what}; a file is named by sqlite:///{path}")


def new_directory() -> Path:
    """Make a directory with a short name, for this user alone.

    Raises:
        ChannelValueError: There is no place for one that others can't put another one into.
        OSError: It can't be made.
    """
    why = ""
    for place in (tempfile.gettempdir(), "/tmp"):
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place)).resolve()
        why = _make(made)
        if not why and len(os.fsencode(made / SOCKET)) > _LONGEST:
            why = f"{made} is too long a path"
        if not why:
            return made
        made.rmdir()
    raise ChannelValueError(f"no directory is suitable for the server's socket: {why}")


def remove(directory: Path, home: Path) -> None:
    """Delete the directory of a socket, if the server kept its data in `home`."""
    with suppress(OSError):
        if _kept_by(directory) == home:
            shutil.rmtree(directory, ignore_errors=True)


def sweep() -> None:
    """Delete what servers left behind whose guards were killed, as by a loss of power."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else deletes it as well
            state = directory.lstat()
            ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
            if not ours or time.time() - state.st_mtime < _LEFT_BEHIND:
                continue
            if not is_locked(_kept_by(directory) / RUNNING):
                shutil.rmtree(directory, ignore_errors=True)


def _kept_by(directory: Path) -> Path:
    """Return where the server keeps its data whose socket is in this directory."""
    note = directory / OF
    return Path(os.fsdecode(note.read_bytes())) if note.exists() else directory


def _make(home: Path) -> str:
    """Make a directory, and those above it, unless one of them can't be trusted; tell why."""
    for directory in reversed((home, *home.parents)):
        if not directory.exists():
            directory.mkdir(mode=0o700, exist_ok=True)
        state = directory.stat()
        if state.st_uid not in (os.geteuid(), 0):
            return (
                f"{directory} belongs to {_name_of(state.st_uid)}, who could put a server of "
                "theirs in its place; give it a directory of your own"
            )
        if _is_open(state, strictly=directory == home):
            advice = "chmod 700" if directory == home else "take another place, or chmod go-w"
            return (
                f"others can write to {directory}, and so put a server of theirs in its place; "
                f"{advice} {directory}"
            )
    return ""


def _is_open(state: os.stat_result, *, strictly: bool) -> bool:
    """Tell whether somebody else can exchange what is in a directory.

    Args:
        state: The directory's.
        strictly: Whether it is not enough that each touches only their own, or that the group
            is the user's own.
    """
    if strictly:
        return bool(state.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    if state.st_mode & stat.S_ISVTX:
        return False
    of_group = state.st_mode & stat.S_IWGRP and not _is_private(state.st_gid)
    return bool(of_group or state.st_mode & stat.S_IWOTH)


def _is_private(group: int) -> bool:
    """Tell whether a group is the one that many systems give to each user, with nobody else."""
    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
