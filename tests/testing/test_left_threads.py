"""Threads that a broken channel lets wait for ever are ended, and nothing stays behind of that."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress

import pytest

from tests.commands import run
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.testing.left_threads import end_threads


def test_one_that_looks_again_and_again_is_ended() -> None:
    """As it is where a lock that is free is never granted."""

    def look() -> None:
        with suppress(SystemExit):
            while True:
                time.sleep(0.001)

    thread = threading.Thread(target=look, name="looks again", daemon=True)
    thread.start()
    end_threads("looks again")
    assert not thread.is_alive()


PROGRAM = """
import sys, threading
from tests.testing.left_threads import end_threads
mutex, calls = threading.Lock(), []
def act():
    calls.append("act")
mutex.acquire()
threading.Thread(target=mutex.acquire, name="waits", daemon=True).start()
end_threads("waits")
sys.setprofile(lambda frame, event, arg: calls.append(event))
act()
sys.setprofile(None)
print("act" in calls, "call" in calls)
"""


@pytest.mark.timeout(PATIENCE)
def test_one_that_can_not_be_ended_leaves_profilers_alone() -> None:
    """A profiler made CPython 3.11 loop for ever while a thread had yet to raise what it should.

    Nothing ends that but the end of the process, so it is one of its own.
    """
    assert run(sys.executable, "-c", PROGRAM, cwd=ROOT) == "True True\n"
