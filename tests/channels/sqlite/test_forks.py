"""A file that the children of a fork use, and programs that leave others behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from graflow import SQLiteChannel
from tests.paths import ROOT

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
