"""The guard of an embedded server: a program that runs it while any process uses it.

    guard.py HOME DIRECTORY RUNNING COMMAND...

It imports neither the package nor its dependencies, so that it starts fast. Every user of the
server shares a lock on the file `USERS` in HOME, which the system releases when the process ends,
however it ends. Once nobody holds it, the guard stops the server and deletes DIRECTORY, where the
server's socket is. If the guard itself is killed, the server dies with it.

RUNNING is the descriptor of a locked file. The guard and the server inherit the lock, so it is held
as long as either of them lives. Their output goes to standard error.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

__all__ = ["RECORD", "SOCKET", "USERS", "answer", "flush", "main"]

USERS = "graflow.lock"
"""The file that the users of a server share a lock on."""

RECORD = "graflow.socket"
"""The file that says which process the server is, and in its second line where its socket is."""

SOCKET = "server.sock"
"""The socket's name in its directory."""

_PATIENCE = 30.0  # seconds that a server may take until it opens its socket
_FLUSH = 1.0  # seconds between two flushes

# Becomes the server, which is killed when the pipe on its standard input closes.
_TIED = 'exec 3<&0; (read -r _ <&3; kill -9 $$) & exec "$@" 3<&- </dev/null'


def answer(path: str, timeout: float = 5.0) -> bytes:
    """Return how the server at a Unix socket answers a `PING`, or nothing if it does not.

    Args:
        path: The socket.
        timeout: Seconds that it has to answer, > 0.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(timeout)
        try:
            probe.connect(path)
            probe.sendall(b"PING\r\n")
            return probe.recv(64)
        except OSError:
            return b""


def main(home: str, directory: str, running: str, *command: str) -> None:
    """Run the server until nobody uses it, or until it ends by itself."""
    if os.fork():
        os._exit(0)  # the guard is nobody's child, so nobody has to wait for it
    os.umask(0o077)
    users = os.open(f"{home}/{USERS}", os.O_RDWR)
    server = subprocess.Popen(
        ["/bin/sh", "-c", _TIED, "server", *command],
        stdin=subprocess.PIPE,
        stdout=sys.stderr,
        pass_fds=[int(running)],
    )
    path, record = f"{directory}/{SOCKET}", Path(home, RECORD)
    ready = _wait_for(server, path)
    if ready:
        record.write_bytes(b"%d\n%b" % (server.pid, os.fsencode(path)))
        for work in (partial(_stop_when_unused, users, server), partial(_keep_flushing, home)):
            Thread(target=work, daemon=True).start()
    else:
        server.terminate()
    with suppress(BrokenPipeError):  # the process that asked for it has died; others may use it
        os.write(1, b"ready\n" if ready else b"failed\n")
    os.close(1)
    server.wait()
    record.unlink(missing_ok=True)
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(0)  # without waiting for the threads


def _wait_for(server: subprocess.Popen[bytes], path: str) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while server.poll() is None:
        said = answer(path)
        if said.startswith(b"+PONG"):
            return True
        if not said and time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return False


def _stop_when_unused(users: int, server: subprocess.Popen[bytes]) -> None:
    fcntl.flock(users, fcntl.LOCK_EX)
    server.terminate()


def _keep_flushing(home: str) -> None:
    flushed: dict[str, int] = {}
    while True:
        time.sleep(_FLUSH)
        try:
            flush(home, flushed)
        except FileNotFoundError:
            continue  # the server has just replaced the file
        except OSError as error:
            os.write(2, f"the data can't be flushed: {error}\n".encode())


def flush(home: str, flushed: dict[str, int]) -> None:
    """Have the disk take what the server has written.

    The server could do it by itself, each second. But while its flush takes longer, it writes
    nothing, and answers nevertheless: what it holds back is lost if it is killed.

    Args:
        home: The server's directory.
        flushed: How many bytes of each file the disk has; brought up to date.

    Raises:
        OSError: A file can't be opened or flushed.
    """
    for path in map(str, Path(home).glob("appendonlydir/*.aof")):
        file = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(file).st_size
            if flushed.get(path) != size:
                os.fsync(file)
                flushed[path] = size
        finally:
            os.close(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
