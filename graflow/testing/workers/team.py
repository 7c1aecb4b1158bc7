"""A team of processes, which are started once, and begin each task together."""

from __future__ import annotations

import atexit
import multiprocessing
import pickle
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from graflow.testing.workers.meeting import Meeting, Seat

__all__ = ["SIZE", "Team", "dismiss", "team"]

SIZE = 3
"""How many processes there are."""

_LONG = 120.0  # seconds after which a task is given up
_END = 5.0  # seconds for a process to end by itself
_IDLE = 60.0  # seconds without a task after which the processes end

Task = Callable[[Seat], Any]


class Team:
    """Processes that wait for tasks. They end when this process does, or has no tasks for them."""

    def __init__(self, size: int = SIZE) -> None:
        """Start the processes.

        Args:
            size: How many.
        """
        context = multiprocessing.get_context("spawn")
        self._meeting = Meeting.of_processes(size, context)
        self._members = []
        self._used = time.monotonic()
        for number in range(size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, self._meeting, number))
            process.start()
            theirs.close()
            self._members.append((process, ours))

    def perform(self, tasks: Sequence[Task]) -> list[Any]:
        """Give each process a task, and return their results.

        Args:
            tasks: As many as there are processes. Each can be pickled, and is called with the
                seat of its process in the meeting of all.

        Raises:
            ProcessError: A process died, or did not end in time; the team can't be used any more.
            Exception: What the first task that failed has raised.
        """
        self._meeting.begin_anew()
        for (_, connection), task in zip(self._members, tasks, strict=True):
            connection.send_bytes(pickle.dumps(task))
        until = time.monotonic() + _LONG
        try:
            results = [self._result(number, until) for number in range(len(self._members))]
        except KeyboardInterrupt:
            self._kill()  # what they would still write, nobody would remove
            raise
        self._used = time.monotonic()
        for result in results:
            if isinstance(result, _Raised):
                raise result.error
        return results

    def close(self) -> None:
        """End the processes."""
        for _, connection in self._members:
            connection.close()
        for process, _ in self._members:
            process.join(_END)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        self._members.clear()

    def _kill(self) -> None:
        for process, _ in self._members:
            process.kill()
        self.close()

    def _result(self, number: int, until: float) -> Any:
        process, connection = self._members[number]
        try:
            if connection.poll(max(0.0, until - time.monotonic())):
                return pickle.loads(connection.recv_bytes())
            problem = f"process {number} did not end within {_LONG:.0f} s"
        except EOFError:
            process.join(_END)
            problem = f"process {number} died with exit code {process.exitcode}"
        self._kill()
        raise multiprocessing.ProcessError(problem)

    @property
    def is_ready(self) -> bool:
        """Whether the processes wait for tasks, and will do so for a while."""
        return bool(self._members) and time.monotonic() - self._used < _IDLE / 2


class _Raised:
    """What a task raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _serve(connection: Connection, meeting: Meeting, number: int) -> None:
    """Carry out tasks until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it reaches the whole terminal
    with suppress(EOFError, OSError):
        while connection.poll(_IDLE):
            received = connection.recv_bytes()
            connection.send_bytes(_outcome(received, Seat(meeting, number)))


def _outcome(received: bytes, seat: Seat) -> bytes:
    """Return the pickled result of a pickled task."""
    result: Any
    try:
        result = pickle.loads(received)(seat)
    except Exception as error:  # noqa: BLE001 - the process that asked raises it
        result = _Raised(error)
    finally:
        seat.end()
    try:
        done = pickle.dumps(result)
        pickle.loads(done)
    except Exception:  # noqa: BLE001 - an error may refuse either
        what = result.error if isinstance(result, _Raised) else result
        return pickle.dumps(_Raised(RuntimeError(f"{type(what).__name__}: {what}")))
    return done


_teams: list[Team] = []


def team() -> Team:
    """Return the team of this process, which is started when it is first needed."""
    if not (_teams and _teams[0].is_ready):
        dismiss()
        atexit.register(dismiss)
        _teams.append(Team())
    return _teams[0]


def dismiss() -> None:
    """End the processes of the team, if there is one."""
    while _teams:
        _teams.pop().close()
    atexit.unregister(dismiss)
