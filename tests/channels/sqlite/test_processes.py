"""One file, and many who use it: threads, forked and spawned processes, handles."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from graflow import SQLiteChannel
from graflow.channels.sqlite import sqlite_backend
from graflow.exceptions import ChannelTypeError, ChannelUnavailableError
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that does not exist yet."""
    return tmp_path / "channels.db"


def add(channel: SQLiteChannel, times: int) -> int:
    """Add, append and move something, again and again; return who did it."""
    for number in range(times):
        channel.atomic_add("sum")
        channel.append("list", number)
        with channel.lock("lock"):
            channel.set("held", channel.get("held", 0) + 1)
        channel.transact(lambda tx: tx.set("read", tx.get("read", 0) + 1))
    return os.getpid()


def check(channel: SQLiteChannel, times: int) -> None:
    """Check that nothing was lost."""
    found = channel.get_many(["sum", "held", "read"])
    assert found == {"sum": times, "held": times, "read": times}
    assert len(channel.get("list")) == times
    with closing(sqlite3.connect(channel.backend.address)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


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


FORKING = """
import os, sys
from graflow import SQLiteChannel
channel = SQLiteChannel("job", sys.argv[1])
channel.set("parent", 1)
lock = channel.lock("lock")
held = lock.acquire()
children = []
for number in range(4):
    child = os.fork()
    if not child:
        for _ in range(50):
            channel.atomic_add("sum")
            assert channel.get("parent") == 1
        sys.exit(0) if number % 2 else os._exit(0)
    children.append(child)
for _ in range(50):
    channel.atomic_add("sum")
for child in children:
    assert os.waitpid(child, 0)[1] == 0
assert channel.get("sum") == 250, channel.get("sum")
lock.release(held)
channel.set("parent", 2)
print(channel.get("parent"))
"""


def test_a_forked_child_uses_the_handle_of_its_parent(path: Path) -> None:
    """At the same time, with a connection of its own, and however it ends."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKING, path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("2\n", "")
    assert SQLiteChannel("job", path).get("parent") == 2


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
    for _ in range(300):
        time.sleep(0.001)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
channel = SQLiteChannel("job", sys.argv[1], durable=False)
thread = threading.Thread(target=interrupt)
thread.start()
interrupts = 0
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
assert interrupts > 20, interrupts
print("done")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "done\n", done.stderr


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


def test_what_has_expired_leaves_the_file(path: Path) -> None:
    """In passing, whichever channel it was in."""
    with SQLiteChannel("job", path) as channel, SQLiteChannel("other", path) as other:
        for number in range(50):
            channel.append(f"list {number}", number, ttl=0.001)
        until = time.monotonic() + PATIENCE
        while rows(path) > 1 and time.monotonic() < until:
            other.set("key", 1)
            time.sleep(0.05)
        assert rows(path) == 1
        assert rows(path, "items") == 0


def test_much_that_has_expired_leaves_the_file_soon(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faster than it comes, and whatever the clock was set to."""
    clock = [10_000_000]
    monkeypatch.setattr(sqlite_backend, "now", lambda: clock[0])
    with SQLiteChannel("job", path, durable=False) as channel:
        clock[0] += 1_000_000_000
        channel.set("early", 1)
        clock[0] -= 1_000_000_000
        for start in range(0, 5_000, 1_000):
            channel.set_many(dict.fromkeys(map(str, range(start, start + 1_000)), 1), ttl=1)
        clock[0] += 2_000
        for _ in range(20):
            channel.set("key", 1)
            clock[0] += 50
        assert rows(path) == 2


LEAVING_A_THREAD = """
import sys, threading
from graflow import SQLiteChannel
channel = SQLiteChannel("job", sys.argv[1])
channel.set("key", 1)
inside = threading.Event()
counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000)"
slowly = "(SELECT max(i) FROM n)"
def stay(connection):
    inside.set()
    while True:
        connection.execute(f"{counting} UPDATE entries SET value = x'32' WHERE {slowly}")
threading.Thread(
    target=lambda: channel.backend._database.write(stay, 60), daemon=True
).start()
inside.wait()
"""


def test_a_daemon_thread_may_be_in_the_middle_of_a_change_when_the_process_ends(path: Path) -> None:
    """The change is not made, and SQLite does not crash for it."""
    program = [sys.executable, "-X", "dev", "-W", "error", "-c", LEAVING_A_THREAD, str(path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert SQLiteChannel("job", path).get("key") == 1


def rows(path: Path, table: str = "entries") -> int:
    """Count the rows of a table."""
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(number)


CLEARING: list[Callable[[SQLiteChannel], object]] = [
    lambda channel: channel.clear(),
    lambda channel: channel.destroy(),
]


@pytest.mark.parametrize("clear", CLEARING, ids=["clear", "destroy"])
def test_a_large_channel_is_cleared_in_slices(
    clear: Callable[[SQLiteChannel], object], path: Path
) -> None:
    """All goes that was there, and nothing of another channel."""
    with SQLiteChannel("job", path, durable=False) as channel:
        beside = channel.beside("job2")
        beside.set("key", 1)
        channel.set_many({f"key {number}": number for number in range(25_000)})
        channel.set("list", [1, 2])
        clear(channel)
        assert channel.keys() == []
        assert beside.keys() == ["key"]
    assert rows(path) == 1
    assert rows(path, "items") == 0


LEAVING = """
import os, signal, sys
from graflow import SQLiteChannel
channel = SQLiteChannel("job", sys.argv[1])
channel.set("key", 1)
begin, wake = os.pipe()
child = os.fork()
if not child:
    channel.set("first", 1)
    os.close(wake)
    os.read(begin, 1)
    channel.set("second", 2)
    channel.append("list", 1)
    channel.close()
    os._exit(0)
while channel.get("first") is None:
    pass
channel.close()
os.close(wake)
assert os.waitpid(child, 0)[1] == 0
with SQLiteChannel("job", sys.argv[1]) as again:
    print(sorted(again.keys()))
"""


def test_a_child_loses_nothing_when_its_parent_leaves(path: Path) -> None:
    """SQLite takes what a forked process inherits for its own, locks included."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVING, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("['first', 'key', 'list', 'second']\n", "")


FORKING_IN_A_TRANSACTION = """
import os, sys, threading
from graflow import SQLiteChannel
channel = SQLiteChannel("job", sys.argv[1], timeout=60)
channel.set("key", 1)
inside, leave = threading.Event(), threading.Event()
def stay(connection):
    connection.execute("UPDATE entries SET value = x'32'")
    inside.set()
    leave.wait()
thread = threading.Thread(target=lambda: channel.backend._database.write(stay, 60))
thread.start()
inside.wait()
child = os.fork()
if not child:
    try:
        channel.get("key")
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
leave.set()
thread.join()
print(channel.get("key"))
"""


def test_a_child_of_a_process_in_a_long_transaction_says_why_it_can_not_go_on(path: Path) -> None:
    """The fork waits for a second; what it copies then is of no use to the child."""
    program = [sys.executable, "-W", "ignore", "-c", FORKING_IN_A_TRANSACTION, str(path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "ChannelUnavailableError" in done.stdout, done.stderr
    assert "forked" in done.stdout
    assert done.stdout.endswith("2\n")


def test_a_value_replaces_whatever_there_was(path: Path) -> None:
    """A list, a value that expires, and one that has expired, each by the fast way and the slow."""
    for times in (0, 1):
        with SQLiteChannel("job", path) as channel:
            channel.set("list", [1, 2])
            channel.set("expires", 1, ttl=1_000)
            channel.set("expired", 1, ttl=0.001)
            for _ in range(times):
                channel.set("other", 1)
            for key in ("list", "expires", "expired"):
                channel.set(key, 5)
                entry = channel.entry(key)
                assert (entry.value, entry.ttl) == (5, None)
                channel.set(key, 6, ttl=1_000)
                ttl = channel.entry(key).ttl
                assert ttl is not None
                assert ttl > 0
    assert rows(path, "items") == 0
