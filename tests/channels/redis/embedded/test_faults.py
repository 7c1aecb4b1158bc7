"""Embedded servers that are silent, killed or copied, and disks that are slow."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from graflow.channels.redis.embedded import server
from graflow.channels.redis.embedded.guard import flush
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelUnavailableError
from graflow.system.file_locks import is_locked
from tests.channels.redis.embedded.users import User, guard_of, is_gone, pid_of, socket_of
from tests.paths import ROOT
from tests.programs import attended
from tests.servers.server import wait_until

# Delays each flush of the server's data for a minute, and notes those of others.
SLOW_DISK = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int holds_data(int file) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return readlink(link, path, sizeof path - 1) > 0 && strstr(path, ".incr.aof");
}

int fdatasync(int file) {
    if (holds_data(file)) sleep(60);
    return syscall(SYS_fdatasync, file);
}

int fsync(int file) {
    if (holds_data(file)) close(open(getenv("FLUSHED"), O_CREAT | O_WRONLY, 0600));
    return syscall(SYS_fsync, file);
}
"""

# Forks a child that goes on when its parent has ended, and says where the server is.
FORK = """
import os, sys
from graflow.channels.redis_channel import RedisChannel

channel = RedisChannel.embedded(path=sys.argv[1])
print(channel.backend.endpoint.settings["path"], flush=True)
if not os.fork():
    sys.stdin.read()
    os._exit(0)
"""


@contextmanager
def frozen(process: int) -> Iterator[None]:
    """Let a process do nothing for the length of a `with` block."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def refusal(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return why no handle can be opened on the server, without waiting for a minute."""
    with monkeypatch.context() as impatient:
        impatient.setattr(server, "_PATIENCE", 0.3)
        with pytest.raises(ChannelUnavailableError) as caught:
            RedisChannel.embedded(path=home)
    return str(caught.value)


def test_a_silent_server_is_not_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for it is told which one it is and what can be done; then all go on."""
    user = User(home)
    assert user.append("before") == 1
    server = pid_of(user.socket)
    with frozen(server):
        said = refusal(home, monkeypatch)
    assert f"{home} runs, but does not answer" in said
    assert f"kill -9 {server}" in said
    assert user.append("after") == 2
    with RedisChannel.embedded(path=home) as channel:
        assert socket_of(channel) == user.socket
        assert channel.get("list") == ["before", "after"]
    user.end()


def test_a_silent_server_is_waited_for(home: Path) -> None:
    """One that is busy for a while is the same one afterwards."""
    user = User(home)
    server = pid_of(user.socket)
    with RedisChannel.embedded(path=home) as here:
        found: list[Path] = []

        def open_one() -> None:
            with RedisChannel.embedded(path=home) as channel:
                found.append(socket_of(channel))

        opening = threading.Thread(target=open_one)
        with frozen(server):
            opening.start()
            wait_until("it waits", lambda: is_locked(home / "graflow.starting"))
        opening.join()
        assert found == [user.socket] == [socket_of(here)]
    user.end()


def test_a_guard_that_lives_keeps_the_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its server is dead: it has not tidied up yet."""
    with RedisChannel.embedded(path=home) as channel:
        channel.append("list", 1)
        server = pid_of(socket_of(channel))
        guard = guard_of(server)
        with frozen(guard):
            os.kill(server, signal.SIGKILL)
            assert "No other one can be started" in refusal(home, monkeypatch)
        wait_until("it has tidied up", lambda: not is_locked(home / "graflow.running"))
        with RedisChannel.embedded(path=home) as anew:
            assert anew.get("list") == [1]


def test_a_server_that_does_not_stop_is_not_replaced(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody uses it any more, and it goes on: it may still be writing."""
    user = User(home)
    user.append("a")
    server = pid_of(user.socket)
    with frozen(server):
        user.kill()
        wait_until("the guard wants it to stop", lambda: is_locked(home / "graflow.lock"))
        said = refusal(home, monkeypatch)
    assert f"{home} was told to stop" in said
    assert f"kill -9 {server}" in said
    wait_until("the server is gone", lambda: is_gone(user.socket))
    with RedisChannel.embedded(path=home) as channel:
        assert channel.get("list") == ["a"]


@pytest.mark.parametrize("silent", [False, True])
def test_a_guard_that_is_killed_takes_its_server_along(silent: bool, home: Path) -> None:
    """Then the next one starts, and what is left of the first is deleted."""
    user = User(home)
    user.append("a")
    server = pid_of(user.socket)
    if silent:
        os.kill(server, signal.SIGSTOP)
    os.kill(guard_of(server), signal.SIGKILL)
    wait_until("both are dead", lambda: not is_locked(home / "graflow.running"))
    with RedisChannel.embedded(path=home) as channel:
        assert socket_of(channel) != user.socket
        assert is_gone(user.socket)
        assert channel.get("list") == ["a"]
    user.kill()


def test_a_copy_of_the_directory_in_use(home: Path, tmp_path: Path) -> None:
    """It leaves the server where it was, and is a directory of its own with what was in it."""
    with RedisChannel.embedded(path=home) as channel:
        channel.append("list", 1)
        shutil.copytree(home, tmp_path / "backup")
        with RedisChannel.embedded(path=home) as other:
            assert socket_of(other) == socket_of(channel)
            assert channel.append("list", 2) == 2
        user = User(home)
        assert user.append("3") == 3
        user.end()
        assert channel.append("list", 4) == 4
        with RedisChannel.embedded(path=tmp_path / "backup") as backup:
            assert socket_of(backup) != socket_of(channel)
            assert backup.get("list") == [1]
            assert backup.append("list", "of the copy") == 2
        assert channel.get("list") == [1, 2, "3", 4]
    assert is_gone(socket_of(channel))


def test_a_forked_child_does_not_keep_the_server_running(home: Path) -> None:
    """It has inherited the open files of its parent; the server is its parent's all the same."""
    with attended(
        subprocess.Popen(
            [sys.executable, "-c", FORK, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        socket = Path(os.fsdecode(parent.stdout.readline().strip()))
        assert parent.wait() == 0
        wait_until("the server is gone", lambda: is_gone(socket))
        parent.stdin.close()  # the child ends


def test_a_server_that_is_killed_loses_nothing(home: Path) -> None:
    """It hands each write to the system before it answers, however long a flush may take."""
    channel = RedisChannel.embedded(path=home)
    with redis.Redis(unix_socket_path=str(socket_of(channel))) as client:
        settings: Any = client.config_get("append*")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "no"  # `everysec` answers first while a flush is under way
    acknowledged = [channel.append("list", number) for number in range(1_000)]
    os.kill(pid_of(socket_of(channel)), signal.SIGKILL)
    with RedisChannel.embedded(path=home) as anew:
        assert len(anew.get("list")) == acknowledged[-1]
    channel.close()


@pytest.mark.thorough  # it needs a C compiler
def test_a_server_that_is_killed_loses_nothing_though_the_disk_is_slow(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged is there again; and somebody does flush it each second."""
    source, library, flushed = (tmp_path / name for name in ("slow.c", "slow.so", "flushed"))
    source.write_text(SLOW_DISK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    with monkeypatch.context() as slow:
        slow.setenv("LD_PRELOAD", str(library))
        slow.setenv("FLUSHED", str(flushed))
        channel = RedisChannel.embedded(path=home)
    acknowledged = channel.append("list", 0)
    wait_until("the data are flushed", flushed.exists)
    flushed.unlink()
    for number in range(1_000):
        acknowledged = channel.append("list", number)
    os.kill(pid_of(socket_of(channel)), signal.SIGKILL)
    with RedisChannel.embedded(path=home) as anew:
        assert len(anew.get("list")) == acknowledged
    channel.close()


def test_what_is_flushed_is_what_was_written_since(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle server costs the disk nothing."""
    flushes: list[int] = []
    done: dict[str, int] = {}
    with RedisChannel.embedded(path=home) as channel:
        channel.append("list", 1)
        monkeypatch.setattr(os, "fsync", flushes.append)
        flush(str(home), done)
        flush(str(home), done)
        assert len(flushes) == 1
        channel.append("list", 2)
        flush(str(home), done)
        assert len(flushes) == 2


def test_handles_of_a_process_are_users_of_their_own(home: Path) -> None:
    """Those that are opened at once find one server; closing all but one leaves that its own."""
    handles: list[RedisChannel] = []
    threads = [
        threading.Thread(target=lambda: handles.append(RedisChannel.embedded(path=home)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({socket_of(channel) for channel in handles}) == 1
    last = handles.pop()
    for channel in handles:
        channel.close()
    assert last.append("list", 1) == 1
    last.close()
    assert is_gone(socket_of(last))
