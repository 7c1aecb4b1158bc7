"""Channels whose file goes with the last handle, and handles of a run."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from graflow import SQLiteChannel
from graflow.exceptions import ChannelTypeError
from tests.channels.sqlite.counted import add, check
from tests.paths import ROOT
from tests.patience import PATIENCE


def test_a_temporary_channel_goes_with_its_last_handle() -> None:
    """And its folder with it."""
    channel = SQLiteChannel.temporary("job")
    folder = Path(channel.backend.address).parent
    assert folder.stat().st_mode & 0o077 == 0
    beside = channel.beside("other")
    channel.set("key", 1)
    assert beside.keys() == []
    channel.close()
    assert folder.exists()
    beside.close()
    assert not folder.exists()


def test_a_copy_of_a_handle_keeps_a_temporary_channel() -> None:
    """In the process that owns the channel, a pickled handle is as good as the first one."""
    channel = SQLiteChannel.temporary("job")
    channel.set("key", 1)
    folder = Path(channel.backend.address).parent
    with pickle.loads(pickle.dumps(channel)) as copy:
        channel.close()
        assert folder.exists()
        assert copy.get("key") == 1
    assert not folder.exists()


def test_temporary_channels_are_apart() -> None:
    """Each has a file of its own."""
    with SQLiteChannel.temporary() as one, SQLiteChannel.temporary() as other:
        one.set("key", 1)
        assert other.get("key") is None


def test_other_processes_reach_a_temporary_channel(path: Path) -> None:
    """As long as its owner has it."""
    with SQLiteChannel.temporary("job", timeout=PATIENCE) as channel:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            for each in [pool.submit(add, channel, 10) for _ in range(2)]:
                each.result()
        check(channel, 20)


def test_the_end_of_a_process_removes_its_temporary_channel() -> None:
    """Also if nobody closes it."""
    program = """
import os, sys
from graflow import SQLiteChannel
channel = SQLiteChannel.temporary()
channel.set("key", 1)
if not os.fork():
    channel.set("child", 1)
    sys.exit()
os.wait()
assert channel.get("child") == 1
print(channel.backend.address)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert not Path(done.stdout.strip()).parent.exists()


def test_what_a_handle_of_a_run_is_called(path: Path) -> None:
    """As on a server."""
    channels = SQLiteChannel.per_run("a:b", path)
    assert channels("7").name == "a%3Ab:7"
    with pytest.raises(ChannelTypeError):
        channels(7)  # type: ignore[arg-type]
