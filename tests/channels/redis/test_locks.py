"""Locks on real servers: renewed while their holder lives, free when it is dead."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from graflow.channels.locks.line import PATIENCE
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import (
    ChannelServerError,
    ChannelTimeoutError,
    ChannelUnavailableError,
    LockLostError,
    OutcomeUnknownError,
)
from tests.paths import ROOT
from tests.servers import run_server

HOLD = """
import sys
from graflow.channels.redis_channel import RedisChannel

with RedisChannel("c", url=sys.argv[1]).lock("key", lease=float(sys.argv[2])) as lock:
    print(lock.fence, flush=True)
    sys.stdin.read()
"""

# A child inherits the body of a `with`, and leaves it; then it asks for the lock itself.
FORK = """
import os, sys
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelTimeoutError, LockLostError

channel = RedisChannel("c", url=sys.argv[1])
try:
    with channel.lock("key", timeout=0) as lock:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            channel.append("log", "parent")
        elif lock.lost:
            channel.append("log", "child sees that it has no lock")
except LockLostError as error:
    assert "forked" in str(error)
    channel.append("log", "child never held it")
if not child:
    try:
        with channel.lock("key", timeout=0):
            print("both hold it")
    except ChannelTimeoutError:
        channel.append("log", "child had to wait")
"""


@pytest.fixture
def channel(redis_client: redis.Redis, redis_url: str) -> RedisChannel:
    """An empty channel on a server of each kind."""
    return RedisChannel("c", url=redis_url)


@contextmanager
def holder(url: str, lease: float) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Let another process hold the lock, and give its fencing number as well."""
    command = [sys.executable, "-c", HOLD, url, str(lease)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


ON_ONE = pytest.mark.parametrize("server", ["valkey-9"], indirect=True)
"""For tests that wait for real leases: what a lease does on each server, a moved clock shows."""


@ON_ONE
def test_a_killed_holder_frees_the_lock_within_its_lease(
    channel: RedisChannel, redis_url: str
) -> None:
    """Not before: its lease, which was renewed as long as it lived, has to end."""
    with holder(redis_url, 4.0) as (process, fence):
        with pytest.raises(ChannelTimeoutError), channel.lock("key", timeout=4.5):
            pass
        killed = time.monotonic()
        process.kill()
        with channel.lock("key", timeout=25) as lock:
            assert time.monotonic() - killed > 0.5
            assert lock.fence > fence


def test_a_holder_that_stood_still_too_long_learns_that_it_lost_the_lock(
    channel: RedisChannel, redis_url: str
) -> None:
    """It can't free its successor's, and what it wrote bears a smaller fencing number."""
    with holder(redis_url, 0.3) as (process, fence):
        process.send_signal(signal.SIGSTOP)
        with channel.lock("key", timeout=10) as lock:
            assert lock.fence > fence
            process.send_signal(signal.SIGCONT)
            assert "LockLostError" in process.communicate()[1]
            with pytest.raises(ChannelTimeoutError), in_another_thread(channel):
                pass
            assert not lock.lost


class in_another_thread:  # noqa: N801 (it stands for a `with` statement)
    """Try the lock from a thread that does not hold it, and raise what it raises."""

    def __init__(self, channel: RedisChannel, timeout: float = 0) -> None:
        self._channel = channel
        self._timeout = timeout

    def __enter__(self) -> None:
        raised: list[BaseException] = []

        def attempt() -> None:
            try:
                with self._channel.lock("key", timeout=self._timeout):
                    pass
            except ChannelTimeoutError as error:
                raised.append(error)

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        if raised:
            raise raised[0]

    def __exit__(self, *_: object) -> None:
        pass


@ON_ONE
def test_a_long_body_keeps_the_lock(channel: RedisChannel) -> None:
    """The lease is renewed in the background, many times if need be."""
    with channel.lock("key", lease=3) as lock:
        time.sleep(3.5)
        with pytest.raises(ChannelTimeoutError), in_another_thread(channel):
            pass
        assert not lock.lost
    with in_another_thread(channel):
        pass


def test_a_fork_does_not_free_its_parents_lock(channel: RedisChannel, redis_url: str) -> None:
    """The child leaves the body that it inherited, is told, and must wait like others."""
    # Python warns of a fork beside the thread that renews leases.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, redis_url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
    assert channel.get("log") == [
        "child sees that it has no lock",
        "child never held it",
        "child had to wait",
        "parent",
    ]


def test_a_lock_is_lost_when_its_server_forgets_it() -> None:
    """A server that comes back empty, as after a crash: the holder is told on exit."""
    with run_server("valkey-9") as server, RedisChannel("c", url=server.url) as channel:
        lock = channel.lock("key", lease=30)
        lock.__enter__()
        server.stop()
        server.start()
        with pytest.raises(LockLostError):
            lock.__exit__(None, None, None)
        with channel.lock("key", timeout=0):
            pass


def test_locks_leave_nothing_visible(channel: RedisChannel, redis_client: redis.Redis) -> None:
    """No key while it is held, and afterwards the counter of the fencing numbers, for a day."""
    with channel.lock("key"):
        assert channel.keys() == []
        channel.clear()
        with pytest.raises(ChannelTimeoutError), in_another_thread(channel):
            pass
    assert [key for key in redis_client.keys("*") if redis_client.ttl(key) < 0] == []
    assert 86_000 < redis_client.ttl("graflow:{c}:f") <= 86_400


def test_who_stops_waiting_leaves_nothing(channel: RedisChannel, redis_client: redis.Redis) -> None:
    """Its place in the line is free at once."""
    with channel.lock("key"):
        with pytest.raises(ChannelTimeoutError), in_another_thread(channel, timeout=0.05):
            pass
        keys: Any = redis_client.keys("*")
        assert {key.split(b":")[2] for key in keys} == {b"l", b"f", b"t"}


def test_a_waiting_process_that_was_killed_costs_half_a_second(channel: RedisChannel) -> None:
    """It was the next, and its place is given up when it does not ask again."""
    assert channel.backend.acquire("key", "holder", 600_000)
    assert channel.backend.line_up("key", "killed", PATIENCE) == 0
    assert channel.backend.release("key", "holder")
    assert channel.backend.acquire("key", "somebody", 600_000) == "killed"
    with channel.lock("key", timeout=60):
        pass


def test_an_acquisition_that_may_have_happened_is_undone() -> None:
    """The server got it and answered too late; then the same thread takes the lock at once."""
    with run_server("valkey-9") as server:
        channel = RedisChannel("c", url=server.url, timeout=0.5)
        channel.set("key", 1)  # from here on the server's clock is known
        server.freeze()
        with pytest.raises(OutcomeUnknownError), channel.lock("key", lease=600):
            pass
        server.thaw()
        with channel.lock("key", timeout=60, lease=600):
            pass


def test_a_release_that_may_not_have_happened_is_done_later() -> None:
    """The server was out of reach at the end of the body; others don't wait for the lease."""
    with run_server("valkey-9") as server:
        channel = RedisChannel("c", url=server.url, timeout=0.5)
        lock = channel.lock("key", lease=600).__enter__()
        server.freeze()
        with pytest.raises(OutcomeUnknownError):
            lock.__exit__(None, None, None)
        server.thaw()
        with channel.lock("key", timeout=60, lease=600):
            pass


def test_a_release_by_a_closed_handle_is_done_later(channel: RedisChannel, redis_url: str) -> None:
    """It says that the handle is closed, and others don't wait for the lease."""
    with RedisChannel("c", url=redis_url) as early:
        lock = early.lock("key", lease=600).__enter__()
    with pytest.raises(ChannelUnavailableError, match="closed"):
        lock.__exit__(None, None, None)
    with channel.lock("key", timeout=60):
        pass


def test_a_release_that_the_server_refuses_is_done_later() -> None:
    """It is busy with somebody's script for longer than the release can wait, and then not."""
    with (
        run_server("valkey-9") as server,
        RedisChannel("c", url=server.url, timeout=2) as channel,
    ):
        lock = channel.lock("key", lease=600).__enter__()
        with server.block(), redis.Redis(port=server.port) as client:
            with pytest.raises(ChannelServerError):
                lock.__exit__(None, None, None)
            time.sleep(0.5)  # it is refused in the background, too
            client.script_kill()
        with channel.lock("key", timeout=60, lease=600):
            pass
