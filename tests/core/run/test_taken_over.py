"""Runs that somebody else takes over: their process froze, or two resume at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import graflow
from graflow import RedisChannel, TaskExecutionContext, task, workflow
from graflow.channels.base import Channel
from graflow.exceptions import RunInProgressError, RunSupersededError, TaskFailedError
from tests.core.travelling import wait_for
from tests.paths import ROOT
from tests.programs import attended
from tests.servers import Server


class Drivers:
    """Programs that run or resume one workflow; see `frozen_driver.py`."""

    def __init__(self, url: str, kind: str, executor: str, folder: Path) -> None:
        self._options = (url, kind, executor)
        self._folder = folder
        self.checkpoint = folder / "run.json"

    @contextmanager
    def start(self, name: str, checkpoint: Path) -> Iterator[subprocess.Popen[str]]:
        """Start a driver, and wait until it pays."""
        program = [sys.executable, "-m", "tests.core.run.frozen_driver", *self._options]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [*program, name, self._folder, checkpoint],
            cwd=ROOT,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        with attended(process):
            wait_for(lambda: self._begun(name).exists() or process.poll() is not None)
            yield process

    def worker(self, name: str) -> int:
        """Return the process that pays."""
        return int(self._begun(name).read_text())

    def take_over(self) -> str:
        """Let another process resume the run from a copy of its checkpoint, and tell its result."""
        copy = self._folder / "copy.json"
        shutil.copy(self.checkpoint, copy)
        with self.start("second", copy) as second:
            out, err = second.communicate()
        assert not second.returncode, err
        return out

    def go(self) -> None:
        """Let the first driver pay."""
        (self._folder / "go").touch()

    def _begun(self, name: str) -> Path:
        return self._folder / f"{name}.begun"


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """Let processes stand still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def bank(servers: Callable[[str], Server]) -> Iterator[RedisChannel]:
    """The channel of the run, empty at first."""
    with RedisChannel("frozen", url=f"unix://{servers('redis-6.2').socket}") as channel:
        channel.destroy()
        yield channel


@pytest.mark.parametrize("kind", ["atomic", "plain"])
@pytest.mark.parametrize(
    ("executor", "whole"), [("threads", True), ("processes", True), ("processes", False)]
)
def test_a_driver_that_froze_pays_nothing_when_it_thaws(
    kind: str,
    executor: str,
    whole: bool,
    bank: RedisChannel,
    servers: Callable[[str], Server],
    tmp_path: Path,
) -> None:
    """Nor do its processes, whether they stand still with it or go on."""
    url = f"unix://{servers('redis-6.2').socket}"
    drivers = Drivers(url, kind, executor, tmp_path)
    with drivers.start("first", drivers.checkpoint) as first:
        pids = {first.pid, drivers.worker("first")} if whole else {first.pid}
        with frozen(*pids):
            assert drivers.take_over() == "second\n"
            drivers.go()
        out, err = first.communicate()
    assert out == "RunSupersededError\n", err
    assert bank.get("payments") == bank.get("after") == ["second"]
    assert bank.get("begun") == (["second"] if kind == "atomic" else ["first", "second"])
    assert bank.get("transfer.__result__") == "second"
    (info,) = graflow.runs(bank)
    assert (info.run_id, info.state, info.tasks_done) == ("run", "finished", 2)
    assert info.last_error is None
    assert info.checkpoint == str(tmp_path / "copy.json")
    if kind == "atomic":  # it has happened, even if the first's own checkpoint is older
        with drivers.start("third", drivers.checkpoint) as third:
            out, err = third.communicate()
        assert (out, bank.get("payments")) == ("second\n", ["second"]), err


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_driver_that_froze_notices_before_it_writes(
    executor: str, bank: RedisChannel, servers: Callable[[str], Server], tmp_path: Path
) -> None:
    """As it is heard of no more, it looks dead meanwhile, and finds out when it wants to be."""
    url = f"unix://{servers('redis-6.2').socket}"
    drivers = Drivers(url, "plain", executor, tmp_path)
    with drivers.start("first", drivers.checkpoint) as first:
        assert first.stderr is not None
        with frozen(first.pid):
            wait_for(lambda: [info.state for info in graflow.runs(bank)] == ["dead"])
            assert drivers.take_over() == "second\n"
        assert any("'run' was taken over by another" in line for line in first.stderr)
        assert first.poll() is None  # its task has not come to its end
        drivers.go()
        out, err = first.communicate()
    assert out == "RunSupersededError\n", err
    assert bank.get("payments") == bank.get("after") == ["second"]


def test_a_driver_that_froze_goes_on_if_nobody_took_over(
    bank: RedisChannel, servers: Callable[[str], Server], tmp_path: Path
) -> None:
    """It only looked dead."""
    drivers = Drivers(f"unix://{servers('redis-6.2').socket}", "plain", "threads", tmp_path)
    with drivers.start("first", drivers.checkpoint) as first:
        with frozen(first.pid):
            wait_for(lambda: [info.state for info in graflow.runs(bank)] == ["dead"])
        wait_for(lambda: [info.state for info in graflow.runs(bank)] == ["running"])
        drivers.go()
        out, err = first.communicate()
    assert out == "first\n", err
    assert [info.state for info in graflow.runs(bank)] == ["finished"]


@pytest.mark.parametrize("atomic", [True, False])
def test_of_two_who_resume_at_once_one_gets_the_run(
    atomic: bool, open_channel: Callable[[str], Channel], tmp_path: Path
) -> None:
    """The other one does not begin, or is superseded; what it did before has no fence passed."""
    if not open_channel("c").shared:
        return  # who resumes has a channel of its own
    fails = [True]
    begun: list[str] = []
    outcomes: dict[str, Any] = {}
    started = threading.Barrier(2)

    @task
    def fail() -> None:
        if fails:
            raise LookupError("as planned")

    @task(inject_context=True, atomic=atomic)
    def pay(ctx: TaskExecutionContext, name: str = "") -> str:
        begun.append(name)
        wait_for(lambda: len(set(begun)) + len(outcomes) == 2 or outcomes)
        ctx.get_channel().append("payments", name)
        return name

    def made(name: str) -> graflow.Workflow:
        with workflow("pays", channel=open_channel("c")) as wf:
            fail >> pay(task_id="pay", name=name)
        return wf

    def resume(name: str, path: Path) -> None:
        wf = made(name)
        started.wait()
        try:
            outcomes[name] = wf.resume(path)
        except (RunInProgressError, RunSupersededError) as error:
            outcomes[name] = error

    with pytest.raises(TaskFailedError):
        made("none").execute(checkpoint=tmp_path / "run.json", run_id="run")
    fails.clear()
    threads = []
    for name in ("one", "two"):
        copy = tmp_path / f"{name}.json"
        shutil.copy(tmp_path / "run.json", copy)
        threads.append(threading.Thread(target=resume, args=(name, copy)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    (winner,) = (name for name, outcome in outcomes.items() if outcome == name)
    assert len(outcomes) == 2
    assert open_channel("c").get("payments") == [winner]
    (info,) = graflow.runs(open_channel("c"))
    assert (info.state, info.tasks_done, info.last_error) == ("finished", 2, None)
