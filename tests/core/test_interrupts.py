"""Ctrl-C: nothing new starts, and no process and no lock is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from graflow import RedisChannel, read_checkpoint
from tests.core.travelling import wait_for
from tests.patience import PATIENCE
from tests.servers import Server

ROOT = Path(__file__).parent.parent.parent


def is_alive(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("executor", ["threads", "process pool", "loky"])
@pytest.mark.parametrize("whom", ["the program", "all its processes"])
def test_an_interrupt_stops_a_run_cleanly(
    executor: str, whom: str, servers: Callable[[str], Server], tmp_path: Path
) -> None:
    """A terminal sends it to all processes; what runs ends well, unless it gets it too."""
    path = str(servers("valkey-9").socket)
    checkpoint = tmp_path / "run.json"
    with RedisChannel("interrupted", url=f"unix://{path}") as channel:
        channel.clear()
        program = [sys.executable, "-m", "tests.core.interrupted_run"]
        process = subprocess.Popen(
            [*program, f"unix://{path}", executor, str(checkpoint)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        wait_for(lambda: len(channel.get("began", [])) >= 2 or process.poll() is not None)
        if whom == "the program":
            process.send_signal(signal.SIGINT)
        else:
            os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode in (1, -signal.SIGINT), said.decode()
        assert b"KeyboardInterrupt" in said
        began, ended = channel.get("began"), channel.get("ended", [])
    assert 2 <= len(began) < 20, said.decode()
    wait_for(lambda: not any(is_alive(pid) for _, pid in began))
    with redis.Redis(unix_socket_path=path) as client:
        assert client.keys("graflow:{interrupted}:l:*") == []
    if whom == "the program" or executor == "threads":
        assert sorted(number for number, _ in began) == sorted(ended)
        saved = read_checkpoint(checkpoint).finished
        assert sorted(saved) == sorted(f"slow {number}" for number in ended)
