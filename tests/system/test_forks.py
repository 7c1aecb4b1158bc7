"""Forks beside threads that hold locks of the library: the copy goes on, and has whole data."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.paths import ROOT

# `slow` is called by a thread while it holds a lock; `forked` runs its argument in a copy.
PRELUDE = """
import os, signal, sys, threading, time
from typing import TypedDict

from graflow import MemoryChannel, MemorySpace, TypedChannel
from graflow.exceptions import ChannelTimeoutError, LockLostError
from graflow.system import forks
from tests.patience import PATIENCE

if sys.argv[2:] == ["whole"]:
    forks._PATIENCE = PATIENCE  # of a busy machine, for a thread that takes a moment

held, done = threading.Event(), threading.Event()


def slow():
    if threading.current_thread().name == "slow" and not held.is_set():
        held.set()
        done.wait(float(sys.argv[1]))


def begin(target):
    threading.Thread(target=target, name="slow").start()
    assert held.wait(PATIENCE)


def forked(body):
    child = os.fork()
    if not child:
        signal.alarm(int(PATIENCE))  # it would wait for ever
        try:
            body()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    done.set()
"""

MEMORY = """
def clock():
    slow()
    return time.monotonic()


channel = MemoryChannel("c", space=MemorySpace(clock))
channel.set("before", 1)
begin(lambda: channel.set_many({"a": 1, "b": 2}, ttl=1000))


def use():
    if sys.argv[2] == "whole":
        assert channel.get_many(["a", "b"]) == {"a": 1, "b": 2}
    channel.set("key", 1)
    assert channel.atomic_add("before") == 2
    assert channel.append("list", 1) == 1
    with channel.lock("key", timeout=0):
        assert sorted(channel.keys())[-3:] == ["before", "key", "list"]


forked(use)
assert not channel.exists("key")
"""

SCHEMA = """
class Slow:
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        slow()
        return handler(int)


class Row(TypedDict):
    number: int


def build():
    TypedChannel(MemoryChannel(), Slow)


begin(build)


def use():
    typed = TypedChannel(MemoryChannel(), Row)
    typed.set("row", {"number": 1})
    assert typed.get("row") == {"number": 1}


forked(use)
"""

COMPILING = """
from pydantic import BaseModel
from graflow.channels.schema.compiling import building


class Row(BaseModel):
    number: int


def build():
    with building.incomplete({Row}):
        slow()


begin(build)


def use():
    assert vars(Row)["__pydantic_complete__"] is True
    typed = TypedChannel(MemoryChannel(), Row)
    typed.set("row", Row(number=1))
    assert typed.get("row").number == 1


forked(use)
"""

HINTS = """
from graflow import task


@task
def one() -> "slow() or int":
    return 1


@task
def other(number: "int" = 1) -> "int":
    return number


begin(lambda: one.signature.result)
forked(lambda: (other.signature.result, other.signature.hints))
"""

SQLITE = """
import tempfile
from tests.testing.sqlite_store import SqliteBackend
from graflow import Channel

folder = tempfile.TemporaryDirectory()


class Slow(SqliteBackend):
    def keys(self, *, kept=False):
        with self._transaction() as rows:
            slow()
            return rows.keys(kept=kept)


channel = Channel(Slow("c", folder.name + "/file"))
channel.set("before", 1)
begin(channel.keys)


def use():
    if sys.argv[2] == "whole":
        channel.set("key", 1)
    assert channel.name == "c"


forked(use)
folder.cleanup()
"""

# A thread has one lock, the thread that forks has another one; in the copy both are free.
HOLDERS = """
channel = MemoryChannel("c")
free, taken = threading.Event(), threading.Event()


def hold():
    with channel.lock("theirs"):
        taken.set()
        free.wait()


thread = threading.Thread(target=hold)
thread.start()
taken.wait()


def leave():
    try:
        lock.__exit__(None, None, None)
    except LockLostError as error:
        assert "forked" in str(error)
    else:
        raise AssertionError("it never held it")
    for key in ("theirs", "mine"):
        with channel.lock(key, timeout=0):
            pass


with channel.lock("mine") as lock:
    forked(leave)
    assert not lock.lost
free.set()
thread.join()
"""


BODIES = {
    "memory": MEMORY,
    "schema": SCHEMA,
    "compiling": COMPILING,
    "hints": HINTS,
    "sqlite": SQLITE,
}


def run(script: str, *args: str) -> None:
    """Run a script that must end well, and say nothing."""
    # Python warns of a fork beside threads.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script, *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("seconds", "state"), [(0.2, "whole"), (1_000, "half-done")])
def test_a_copy_goes_on(body: str, seconds: float, state: str) -> None:
    """The fork waits for what a thread is at; if that takes for ever, the lock is free anyway."""
    run(PRELUDE + BODIES[body], str(seconds), state)


def test_a_copy_holds_no_locks_in_memory() -> None:
    """Neither those of its parent's threads nor the one whose body it inherited."""
    run(PRELUDE + HOLDERS, "0")
