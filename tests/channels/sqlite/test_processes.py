"""One file, and many who use it: threads, forked and spawned processes, handles."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import pytest

from graflow import SQLiteChannel
from graflow.channels.sqlite.file_signals import FileNews
from graflow.exceptions import ChannelUnavailableError
from tests.channels.sqlite.counted import add, check
from tests.channels.watching.waiters import Waiter
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_processes_share_a_file(method: str, path: Path) -> None:
    """However they were started, through pickled handles."""
    with SQLiteChannel("job", path, timeout=PATIENCE) as channel:
        with ProcessPoolExecutor(3, mp_context=get_context(method)) as pool:
            done = [pool.submit(add, channel, 20) for _ in range(4)]
            add(channel, 20)
            assert os.getpid() not in {each.result() for each in done}
        check(channel, 100)


def test_a_look_at_the_file_that_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends no wait, and loses no change: whoever waits is told afterwards."""
    look, failures = FileNews._tell_of_expired, [ChannelUnavailableError("away")]

    def look_later(self: FileNews) -> None:
        if failures:
            other.set("key", 1)  # nobody in this process tells those who use the other connection
            raise failures.pop()
        look(self)

    with (
        SQLiteChannel("job", path, durable=True) as channel,
        SQLiteChannel("job", path, durable=False) as other,
    ):
        monkeypatch.setattr(FileNews, "_tell_of_expired", look_later)
        with Waiter(lambda: channel.wait_for("key")) as waiter:
            assert waiter.result() == 1
        assert not failures


CREATING = """
import sys
from graflow import SQLiteChannel
from graflow.channels.sqlite.database import Database
print("ready", flush=True)
for path in sys.stdin:
    Database(path.strip(), durable=False).write(lambda connection: None, 240)
    print("made", flush=True)
"""


def test_of_several_who_make_a_file_at_once_one_does(tmp_path: Path) -> None:
    """The others take it as it is, in whatever moment they come."""
    with ExitStack() as stack:
        programs = [
            stack.enter_context(
                attended(
                    subprocess.Popen(
                        [sys.executable, "-c", CREATING],
                        cwd=ROOT,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
            )
            for _ in range(4)
        ]
        expected = "ready\n"
        for number in range(61):
            for program in programs:
                assert program.stdout is not None
                assert program.stdout.readline() == expected
            expected = "made\n"
            for program in programs if number < 60 else ():
                assert program.stdin is not None
                program.stdin.write(f"{tmp_path / str(number)}\n")
                program.stdin.flush()


def test_threads_share_a_handle_and_have_their_own(path: Path) -> None:
    """Both at once."""
    with SQLiteChannel("job", path, timeout=PATIENCE) as channel, ThreadPoolExecutor(8) as pool:
        for each in [
            pool.submit(add, other, 15)
            for _ in range(4)
            for other in (channel, SQLiteChannel("job", path, timeout=PATIENCE))
        ]:
            each.result()
        check(channel, 120)


def test_a_hundred_handles_use_one_connection(path: Path) -> None:
    """They cost no descriptors."""
    with SQLiteChannel("first", path) as first:
        first.set("key", 1)
        before = len(list(Path("/proc/self/fd").iterdir()))
        handles = [SQLiteChannel(f"channel {number % 10}", path) for number in range(100)]
        for number, handle in enumerate(handles):
            handle.append("list", number)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        assert handles[7].get("list") == [7, 17, 27, 37, 47, 57, 67, 77, 87, 97]


def test_a_pickled_handle_is_the_same(path: Path) -> None:
    """Its settings go along, and no connection."""
    with SQLiteChannel("job", path, timeout=7.5, durable=False) as channel:
        channel.set("key", 1)
        copy = pickle.loads(pickle.dumps(channel))
        assert (copy.name, copy.backend.timeout, copy.get("key")) == ("job", 7.5, 1)
        assert repr(copy) == repr(channel)
        assert copy.shared


STOPPED = """
import os, signal, sys
from graflow import SQLiteChannel
channel = SQLiteChannel("job", sys.argv[1])
def stop(connection):
    connection.execute("UPDATE entries SET value = x'32'")
    print("inside", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
channel.backend._database.write(stop, 60)
"""


def test_a_process_that_is_stopped_in_a_transaction_holds_others_for_their_timeout(
    path: Path,
) -> None:
    """They can read meanwhile; when it is killed, what it had begun has not happened."""
    with SQLiteChannel("job", path, timeout=0.3) as channel:
        channel.set("key", 1)
        program = subprocess.Popen(
            [sys.executable, "-c", STOPPED, path], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        with attended(program):
            assert program.stdout is not None
            assert program.stdout.readline() == "inside\n"
            for use in (
                lambda: channel.set("key", 3),
                lambda: channel.append("list", 1),
                channel.clear,
            ):
                with pytest.raises(ChannelUnavailableError, match=r"in use .* for 0\.3 s"):
                    use()
            assert channel.get("key") == 1
            assert channel.keys() == ["key"]
            program.kill()
        channel.set("other", 2)
        assert channel.get_many(["key", "other", "list"]) == {"key": 1, "other": 2}


def test_an_interrupt_leaves_nothing_half_done(path: Path) -> None:
    """Ctrl-C comes in the middle of a change: it has happened, or it has not."""
    program = """
import signal, sys, threading, time
from graflow import SQLiteChannel
class Interrupt(BaseException):
    pass
armed = False
def raise_once(*_):
    global armed
    if armed:
        armed = False
        raise Interrupt
signal.signal(signal.SIGINT, raise_once)
def interrupt():
    while interrupts < 100:
        time.sleep(0.001)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
channel = SQLiteChannel("job", sys.argv[1], durable=False)
interrupts = 0
thread = threading.Thread(target=interrupt, daemon=True)
thread.start()
while thread.is_alive():
    try:
        armed = True
        while thread.is_alive():
            channel.set_many({"a": interrupts, "b": interrupts})
            channel.append("list", interrupts)
            channel.get("a")
    except Interrupt:
        interrupts += 1
        found = channel.get_many(["a", "b"])
        assert found.get("a") == found.get("b"), found
print("done")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "done\n", done.stderr
