"""The command in this process, as processes, and on a terminal; and where it is pointed at."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from graflow.channels.base import Channel
from graflow.command.command_line import app
from tests.paths import ROOT

__all__ = ["Answer", "Place", "graflow", "on_terminal", "start"]

COMMAND = [sys.executable, "-m", "graflow"]


@dataclass(frozen=True)
class Place:
    """A place for channels, empty at first.

    Attributes:
        url: What the command is given.
        open: Opens a handle on a channel there.
    """

    url: str
    open: Callable[[str], Channel]


@dataclass(frozen=True)
class Answer:
    """What the command answered."""

    status: int
    out: str
    err: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines that it wrote."""
        return self.out.splitlines()


def graflow(*args: str, given: str | None = None, **variables: str) -> Answer:
    """Run the command in this process, with its output piped.

    Args:
        args: Its arguments.
        given: What it reads from its standard input.
        variables: What is added to its environment.
    """
    ran = CliRunner().invoke(app, args, input=given, env=variables, prog_name="graflow")
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Answer(ran.exit_code, ran.stdout, ran.stderr)


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a process that runs the command from this checkout."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, **variables}


def start(*args: str, cwd: Path = ROOT, **variables: str) -> subprocess.Popen[str]:
    """Start the command as a process, with its output piped."""
    return subprocess.Popen(
        [*COMMAND, *args],
        cwd=cwd,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def on_terminal(*args: str, typed: str = "", columns: int = 120) -> Answer:
    """Run the command on a terminal, and return all that is seen there.

    Args:
        args: Its arguments.
        typed: What is typed there.
        columns: How wide the terminal is.
    """
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    variables = {"TERM": "xterm-256color", "NO_COLOR": "", "COLUMNS": str(columns)}
    process = _on(follower, [*COMMAND, *args], environment(**variables))
    os.close(follower)
    os.write(leader, typed.encode())
    seen = b""
    while True:
        try:
            read = os.read(leader, 65_536)
        except OSError:  # as Linux has it for the end
            break
        if not read:
            break
        seen += read
    os.close(leader)
    return Answer(process.wait(), seen.decode().replace("\r\n", "\n"))


def _on(
    terminal: int, command: Sequence[str], variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=variables, cwd=ROOT
    )
