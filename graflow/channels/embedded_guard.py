"""A program: runs the server of `embedded` for as long as a process uses it, then stops it.

    embedded_guard.py LOCK DIRECTORY SOCKET LOG COMMAND...

It runs alone, without the package and its dependencies, so that it starts fast. Whoever uses
the server holds a lock on the first byte of LOCK, which the system takes away when the process
ends, however it ends. When nobody holds it, the guard stops the server and deletes DIRECTORY.
Should the guard itself be killed, so is the server.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["USERS", "answer", "main"]

USERS = 0
"""Which byte of the lock file the users of a server hold."""

_PATIENCE = 30.0  # seconds that a server may take until it opens its socket

# Becomes the server, which is killed when the pipe on its standard input closes.
_TIED = 'exec 3<&0; (read -r _ <&3; kill -9 $$) & exec "$@" 3<&- </dev/null'


def answer(path: str) -> bytes:
    """Return how the server at a Unix socket answers a `PING`, or nothing if there is none."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(path)
            probe.sendall(b"PING\r\n")
            return probe.recv(64)
        except OSError:
            return b""


def main(lock: str, directory: str, path: str, log: str, *command: str) -> None:
    """Run the server until nobody uses it."""
    if os.fork():
        os._exit(0)  # the guard is nobody's child, so nobody has to wait for it
    os.umask(0o077)
    with Path(log).open("ab") as output:
        server = subprocess.Popen(
            ["/bin/sh", "-c", _TIED, "server", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
    ready = _wait_for(server, path)
    os.write(1, b"ready\n" if ready else b"failed\n")
    os.close(1)
    if ready:
        with Path(lock).open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX, 1, USERS)
            _stop(server)
            shutil.rmtree(directory, ignore_errors=True)
    else:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    server.wait()


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


if __name__ == "__main__":
    main(*sys.argv[1:])
