"""Ctrl-C: nothing new starts, and no process and no lock is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from graflow import (
    RedisChannel,
    RunObserver,
    TaskEvent,
    parallel,
    read_checkpoint,
    task,
    workflow,
)
from tests.core.travelling import wait_for
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended
from tests.servers import Server


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
        with attended(
            subprocess.Popen(
                [*program, f"unix://{path}", executor, str(checkpoint)],
                cwd=ROOT,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        ) as process:
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


class Hints(RunObserver):
    """Notes when a task waits for its next attempt, and when the run has given that up."""

    def __init__(self) -> None:
        self.waits, self.gave_up = threading.Event(), threading.Event()

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """Note it."""
        self.waits.set()

    def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """Note it."""
        self.gave_up.set()


def test_a_second_interrupt_cancels_coroutines_and_saves_what_ends(path: Path) -> None:
    """A task on a thread can't be ended; it is waited for, so that it need not run again."""
    hints, begun, cancelled = Hints(), threading.Event(), threading.Event()
    left = threading.Event()

    @task(max_retries=1, retry_delay=60)
    def busy() -> None:
        raise ConnectionError

    @task
    async def endless() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    @task
    def interrupts() -> None:
        for event in (hints.waits, begun):
            assert event.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGINT)
        assert hints.gave_up.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGINT)
        assert cancelled.wait(PATIENCE)
        assert not left.wait(0.3)  # as the run is not over

    with workflow("w") as wf:
        parallel(busy, endless, interrupts)
    with ThreadPoolExecutor(4) as executor:
        with pytest.raises(KeyboardInterrupt):
            wf.execute(executor=executor, checkpoint=path, observers=[hints])
        left.set()
    assert read_checkpoint(path).finished == ("interrupts",)
