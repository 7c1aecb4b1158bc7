"""Threads that a broken channel lets wait for ever are ended, and nothing stays behind of that."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress

import pytest

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


@pytest.mark.timeout(60)
def test_one_that_can_not_be_ended_leaves_profilers_alone() -> None:
    """A profiler made CPython 3.11 loop for ever while a thread had yet to raise what it should."""
    mutex, calls = threading.Lock(), list[str]()

    def act() -> None:
        calls.append("act")

    mutex.acquire()
    thread = threading.Thread(target=mutex.acquire, name="waits", daemon=True)
    thread.start()
    end_threads("waits")
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, arg: calls.append(event))
    try:
        act()
    finally:
        sys.setprofile(before)
    mutex.release()
    thread.join()
    assert "act" in calls
    assert "call" in calls
