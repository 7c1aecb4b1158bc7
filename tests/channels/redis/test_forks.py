"""Forks of a process whose threads use handles: a child waits for none of their locks."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelTypeError
from tests.paths import ROOT
from tests.servers import Cluster, Server, run_watched

TIMEOUT = 20.0  # seconds; a busy machine may need some of them
LIMIT = 60.0  # seconds after which a child counts as one that hangs

# Any lock on the way of an operation may be held by a thread in the moment of a fork.
HAMMER = """
import os, pickle, sys, threading, time
from graflow.channels.redis_channel import RedisChannel

channel = pickle.load(sys.stdin.buffer)
forks, limit = int(sys.argv[1]), float(sys.argv[2])
done = threading.Event()
sys.setswitchinterval(1e-5)

def hammer(number):
    while not done.is_set():
        channel.append("list", number)
        channel.pop("list")
        with RedisChannel(str(number), host="127.0.0.1", port=1):
            pass

def use_in_child():
    status = 1
    try:
        with pickle.loads(pickle.dumps(channel)) as another:
            another.append("children", channel.atomic_add("count"))
        status = 0
    finally:
        os._exit(status)

def wait_for(child):
    deadline = time.monotonic() + limit
    while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < deadline:
        time.sleep(0.001)
    if not ended[0]:
        os.kill(child, 9)
        ended = os.waitpid(child, 0)
    return ended[1]

threads = [threading.Thread(target=hammer, args=(number,)) for number in range(2)]
for thread in threads:
    thread.start()
statuses = []
for _ in range(forks // 10):
    children = [os.fork() or use_in_child() for _ in range(10)]
    statuses += map(wait_for, children)
done.set()
for thread in threads:
    thread.join()
assert not any(statuses), statuses
assert sorted(channel.get("children")) == list(range(1, forks + 1))
"""


@pytest.fixture(params=["server", "cluster", "sentinel"])
def channel(
    request: pytest.FixtureRequest,
    servers: Callable[[str], Server],
    clusters: Callable[[str], Cluster],
) -> Iterator[RedisChannel]:
    """An empty channel on one server, on a cluster, and behind a Sentinel."""
    with ExitStack() as stack:
        if request.param == "server":
            client: Any = redis.Redis.from_url(servers("valkey-9").url)
            channel = RedisChannel("forks", stack.enter_context(client), timeout=TIMEOUT)
        elif request.param == "cluster":
            channel = RedisChannel(
                "forks", url=clusters("valkey-9").url, cluster=True, timeout=TIMEOUT
            )
        else:
            watched = stack.enter_context(run_watched("valkey-9"))
            sentinel = stack.enter_context(watched.ask())
            # A primary that is slow must not be taken for one that is dead.
            sentinel.sentinel_set(watched.service, "down-after-milliseconds", 60_000)
            primary = sentinel.master_for(watched.service)
            channel = RedisChannel("forks", primary, timeout=TIMEOUT)
        stack.enter_context(channel).clear()
        yield channel


def test_no_child_hangs(channel: RedisChannel) -> None:
    """Of a hundred and more, whatever the threads were about when it was forked."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", HAMMER, "120", str(LIMIT)]
    done = subprocess.run(
        command, input=pickle.dumps(channel), cwd=ROOT, capture_output=True, check=False
    )
    assert (done.stdout, done.stderr.decode(), done.returncode) == (b"", "", 0)


class Held(redis.Connection):
    """A connection that a thread does not finish to make, with the lock of its pool."""

    begun = threading.Event()
    may_end = threading.Event()

    def __init__(self, **settings: Any) -> None:
        """Wait, in the thread of that name."""
        if threading.current_thread().name == "holder":
            self.begun.set()
            self.may_end.wait()
        super().__init__(**settings)  # type: ignore[no-untyped-call]


def run_in_child(call: Callable[[], object]) -> int:
    """Return the status with which a forked process ends that makes the call, 0 if all is well."""
    child = os.fork()
    if not child:
        status = 1
        try:
            call()
            status = 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + LIMIT
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)
    return ended[1]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_pool_that_a_thread_of_the_parent_has_locked(redis_url: str) -> None:
    """The child has one of its own, even while the parent waits for the thread."""
    pool = redis.ConnectionPool.from_url(redis_url, connection_class=Held)
    with redis.Redis(connection_pool=pool) as client, RedisChannel("c", client) as channel:
        Held.begun.clear()
        Held.may_end.clear()
        holder = threading.Thread(target=channel.append, args=("list", "parent"), name="holder")
        holder.start()
        try:
            assert Held.begun.wait(LIMIT)
            assert run_in_child(lambda: channel.append("list", "child")) == 0
        finally:
            Held.may_end.set()
            holder.join()
        assert channel.get("list") == ["child", "parent"]


class OwnPool(redis.ConnectionPool):
    """A pool of a class of one's own."""


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_client_that_is_used_as_it_is_stays_in_its_process(redis_url: str) -> None:
    """Its locks can't be made anew from outside, so a child refuses it, with advice."""
    pool = OwnPool.from_url(redis_url)
    with redis.Redis(connection_pool=pool) as client, RedisChannel("c", client) as channel:

        def use() -> None:
            with pytest.raises(ChannelTypeError, match="forked"):
                channel.append("list", 1)

        channel.append("list", 0)
        assert run_in_child(use) == 0
        assert channel.get("list") == [0]
    pool.disconnect()
