"""States of threads as the operating system tells them: what runs, what sleeps, and where.

A thread that has not finished may wait for another, or for its turn on the processor. On a busy
machine no span of time tells these apart; Linux does, under `/proc`.
"""

from __future__ import annotations

import os
import platform
import re
import threading
from pathlib import Path
from typing import NamedTuple

__all__ = ["Look", "ThreadState", "is_shown", "threads_beside"]

_TASKS = "/proc/{}/task"
_LOOK = re.compile(
    rb"State:\s+(\w).*\nvoluntary_ctxt_switches:\s+(\d+)\nnonvoluntary_ctxt_switches:\s+(\d+)",
    re.DOTALL,
)
_MOST = 8192  # bytes of a status
_ASLEEP = {b"S", b"D"}
_ENDED = {b"Z", b"X"}
_NUMBERS = {
    "x86_64": {b"202": "lock", b"35": "pause", b"230": "pause"},
    "aarch64": {b"98": "lock", b"101": "pause", b"115": "pause"},
}
_CALLS = _NUMBERS.get(platform.machine(), {})
"""System calls in which threads sleep: futex, nanosleep and clock_nanosleep."""


class Look(NamedTuple):
    """What a thread does at a moment.

    Attributes:
        is_asleep: Whether it sleeps, so that a processor would not help it.
        switches: How many times it has left the processor so far. If two looks are equal, and it
            is asleep, it has not run in between.
    """

    is_asleep: bool
    switches: int


class ThreadState:
    """The state of one thread, of this process or another one."""

    def __init__(self, thread: int, process: int | str = "self") -> None:
        """Look at a thread.

        Args:
            thread: Its native id.
            process: The id of its process.

        Raises:
            OSError: The system does not show it.
        """
        self._folder = f"{_TASKS.format(process)}/{thread}"
        self._status = os.open(f"{self._folder}/status", os.O_RDONLY)
        try:
            self.look()
        except BaseException:
            self.close()
            raise

    def look(self) -> Look:
        """Return what the thread does now.

        Raises:
            OSError: It has ended, or its state is not in a known form.
        """
        found = _LOOK.search(os.pread(self._status, _MOST, 0))
        if found is None:
            raise OSError(f"the state of a thread is missing from {self._folder}")
        state, *switches = found.groups()
        if state in _ENDED:
            raise ProcessLookupError(f"the thread of {self._folder} has ended")
        return Look(state in _ASLEEP, sum(map(int, switches)))

    def sleeps_in(self) -> str:
        """Return what it sleeps in: a `lock`, a `pause`, or `elsewhere`, as in a read."""
        try:
            call = Path(self._folder, "syscall").read_bytes()
        except OSError:
            return "elsewhere"
        return _CALLS.get(call.partition(b" ")[0], "elsewhere")

    def close(self) -> None:
        """Look no more."""
        os.close(self._status)


def threads_beside(*threads: int) -> dict[int, Look]:
    """Return what the threads of this process do now, except these and those that end."""
    looks = {}
    for each in Path(_TASKS.format("self")).iterdir():
        if int(each.name) not in threads:
            looks[int(each.name)] = _look_at(int(each.name))
    return {thread: look for thread, look in looks.items() if look is not None}


def _look_at(thread: int) -> Look | None:
    try:
        state = ThreadState(thread)
    except OSError:
        return None
    try:
        return state.look()
    except OSError:
        return None
    finally:
        state.close()


def is_shown() -> bool:
    """Tell whether this system shows what threads do."""
    return _look_at(threading.get_native_id()) is not None
