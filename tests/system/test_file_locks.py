"""Locks on files: who has one, and what ends it."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graflow.system.file_locks import FileLock, is_locked
from tests.paths import ROOT
from tests.programs import attended
from tests.servers.server import wait_until

# Takes a lock and forks a child that goes on until its input ends; with `killed`, then dies.
PARENT = """
import os, signal, sys
from graflow.system.file_locks import FileLock

lock = FileLock(sys.argv[1])
lock.acquire()
if not os.fork():
    lock.release()
    print("child", lock.closed, flush=True)
    sys.stdin.read()
    os._exit(0)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file."""
    return tmp_path / "lock"


def test_one_at_a_time_has_it_or_many_that_share_it(path: Path) -> None:
    """In one process as among several."""
    with FileLock(path) as one, FileLock(path) as other:
        assert one.acquire(shared=True)
        assert other.acquire(shared=True)
        assert not is_locked(path)
        assert not one.acquire()
        other.release()
        assert one.acquire()
        assert is_locked(path)
    assert not is_locked(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_can_be_waited_for(path: Path) -> None:
    """For some seconds, or as long as it takes."""
    with FileLock(path) as lock:
        lock.acquire()
        waiting = FileLock(path)
        assert not waiting.acquire(timeout=0.02)
        thread = threading.Thread(target=waiting.acquire, kwargs={"timeout": None})
        thread.start()
    thread.join()
    assert is_locked(path)
    waiting.release()
    waiting.release()
    assert waiting.closed
    with pytest.raises(ValueError, match="closed"):
        waiting.acquire()


def test_nothing_else_that_is_done_with_the_file_ends_it(path: Path, tmp_path: Path) -> None:
    """As to open and close it, which ends a POSIX record lock."""
    with FileLock(path) as lock:
        lock.acquire()
        path.read_bytes()
        shutil.copy(path, tmp_path / "copy")
        assert is_locked(path)
        assert not is_locked(tmp_path / "copy")
        assert lock.is_on(path)
        path.unlink()
        assert not lock.is_on(path)
        path.touch()
        assert not lock.is_on(path)


@pytest.mark.parametrize("end", ["killed", "alive"])
def test_a_forked_child_has_no_part_in_it(end: str, path: Path) -> None:
    """It can't free what its parent has, and does not keep it when that is dead."""
    with attended(
        subprocess.Popen(
            [sys.executable, "-c", PARENT, path, end],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"child True\n"
        if end == "killed":
            wait_until("it is free", lambda: not is_locked(path))
        else:
            assert is_locked(path)
        parent.stdin.close()


def test_a_link_is_no_file_to_lock(path: Path, tmp_path: Path) -> None:
    """It may be somebody else's; and what is not there is locked by nobody."""
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError, match="symbolic links"):
        FileLock(tmp_path / "link")
    with pytest.raises(FileNotFoundError):
        FileLock(path, create=False)
    assert not is_locked(path)
    assert not path.exists()
