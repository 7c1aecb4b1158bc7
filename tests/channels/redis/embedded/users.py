"""Processes that use an embedded server, and what can be seen of that server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

import redis

from graflow.channels.redis.embedded.guard import answer
from graflow.channels.redis_channel import RedisChannel
from tests.paths import ROOT

__all__ = ["USER", "User", "guard_of", "is_gone", "kill_users", "pid_of", "socket_of"]

# Opens a channel, says where its server is, appends for each line that it reads, and ends.
USER = """
import sys
from graflow.channels.redis_channel import RedisChannel

path = sys.argv[1] if len(sys.argv) > 1 else None
channel = RedisChannel.embedded(path=path)
print(channel.backend.endpoint.settings["path"], flush=True)
for line in sys.stdin:
    print(channel.append("list", line.strip()), flush=True)
"""


_started: list[subprocess.Popen[str]] = []


def kill_users() -> None:
    """Kill those that a test has left, as one does that fails: their server ends with them."""
    while _started:
        with _started.pop() as process:
            process.kill()


class User:
    """A process that uses an embedded server."""

    def __init__(self, *arguments: str | Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", USER, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        _started.append(self._process)
        self._input: IO[str] = self._process.stdin  # type: ignore[assignment]
        self._output: IO[str] = self._process.stdout  # type: ignore[assignment]
        self.socket = Path(self._output.readline().strip())

    def append(self, text: str) -> int:
        """Let it append, and return the length of the list."""
        print(text, file=self._input, flush=True)
        return int(self._output.readline())

    def kill(self) -> None:
        """Kill it; it has no time to tidy up."""
        self._process.kill()
        self.end()

    def end(self) -> None:
        """Let it end by itself."""
        self._process.communicate()


def is_gone(socket: Path) -> bool:
    """Tell whether a server has ended and left nothing behind."""
    return not socket.parent.exists() and not answer(str(socket))


def pid_of(socket: Path) -> int:
    """Return the id of the server's process."""
    with redis.Redis(unix_socket_path=str(socket)) as client:
        return int(client.info("server")["process_id"])


def guard_of(server: int) -> int:
    """Return the id of the process that guards the server with this one."""
    done = subprocess.run(
        ["ps", "-o", "ppid=", "-p", str(server)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def socket_of(channel: RedisChannel) -> Path:
    """Return the path of the socket of the channel's server."""
    return Path(repr(channel).partition("unix://")[2].partition("?")[0])
