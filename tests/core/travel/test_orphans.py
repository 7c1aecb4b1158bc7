"""A run whose process is killed leaves no worker behind, and its files are cleared up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from graflow import RedisChannel, read_checkpoint
from graflow.system.owned_folder import OwnedFolder
from tests.core.run.test_interrupts import is_alive
from tests.core.travelling import wait_for
from tests.paths import ROOT
from tests.programs import attended
from tests.servers import Server

OWNER = """
import sys
from graflow.system.owned_folder import OwnedFolder

print(OwnedFolder(sys.argv[1]).path, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("executor", ["process pool", "loky", "dask"])
def test_workers_end_with_the_process_of_the_run(
    executor: str, servers: Callable[[str], Server], tmp_path: Path
) -> None:
    """They begin with nothing new, so a run that is resumed at once has the tasks to itself."""
    url = f"unix://{servers('valkey-9').socket}"
    checkpoint = tmp_path / "run.json"
    name = f"orphans of {executor}"  # whose locks stay until their leases end
    with RedisChannel(name, url=url) as channel:
        program = [sys.executable, "-m", "tests.core.interrupted_run"]
        with attended(
            subprocess.Popen(
                [*program, url, executor, str(checkpoint), name],
                cwd=ROOT,
                stderr=subprocess.DEVNULL,
            )
        ) as process:
            wait_for(lambda: len(channel.get("began", [])) >= 2)
            process.kill()
        wait_for(lambda: not any(is_alive(pid) for _, pid in channel.get("began")))
        began = [number for number, _ in channel.get("began")]
        ended = channel.get("ended", [])
        assert len(began) <= 2 + len(ended)
        assert set(read_checkpoint(checkpoint).finished) <= {f"slow {number}" for number in ended}


@pytest.mark.parametrize("whose", ["of the run", "of the caller"])
@pytest.mark.parametrize("kind", ["a new pool", "a pool that has started", "loky"])
def test_workers_without_a_task_end_with_the_process_of_the_run(
    kind: str, whose: str, servers: Callable[[str], Server]
) -> None:
    """Nobody would ever give them one, or tell them to end."""
    url = f"unix://{servers('valkey-9').socket}"
    name = f"idle {kind} {whose}"
    with RedisChannel(name, url=url) as channel:
        channel.clear()
        program = [sys.executable, "-m", "tests.core.travel.idle_workers", url, name, kind, whose]
        with attended(subprocess.Popen(program, cwd=ROOT, stderr=subprocess.DEVNULL)) as process:
            wait_for(lambda: channel.exists("running") and channel.exists("pids"))
            pids = channel.get("pids")
            assert len(pids) == 3
            assert all(map(is_alive, pids))
            time.sleep(0.5)  # until those that have nothing to do have begun to wait
            process.kill()
        try:
            wait_for(lambda: not any(map(is_alive, pids)))
        finally:
            for pid in filter(is_alive, pids):
                os.kill(pid, signal.SIGKILL)


# Waits for the owner of a folder, and for the end of its input.
WORKER = """
import sys
from graflow.system.owned_folder import die_with_owner

die_with_owner(sys.argv[1])
print("waits", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_owner(prefix: str) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """Start a process that has a folder, which is old enough to be a leftover."""
    with attended(
        subprocess.Popen(
            [sys.executable, "-c", OWNER, prefix],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        age(folder)
        try:
            yield folder, process
        finally:
            process.kill()


def age(folder: Path) -> None:
    """Let a folder look as if nothing had changed in it for an hour."""
    os.utime(folder, (time.time() - 3600,) * 2)


def test_a_folder_of_a_killed_process_is_deleted_by_the_next() -> None:
    """That of a process that lives stays, and so do this process's own."""
    prefix = f"graflow-test-{uuid4().hex}-"
    with closing(OwnedFolder(prefix)) as mine, another_owner(prefix) as (alive, owner):
        age(Path(mine.path))
        with another_owner(prefix) as (dead, _):
            pass
        assert dead.exists()
        for _ in range(2):
            OwnedFolder(prefix).close()
            assert not dead.exists()
            assert alive.exists()
            assert Path(mine.path).exists()
            with another_owner(prefix):  # its sweep leaves them too
                assert alive.exists()
                assert Path(mine.path).exists()
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        OwnedFolder(prefix).close()
        assert not alive.exists()
    assert not Path(mine.path).exists()


def test_a_young_folder_is_nobody_s_leftover() -> None:
    """Its owner may just be about to take the lock."""
    prefix = f"graflow-test-{uuid4().hex}-"
    with another_owner(prefix) as (dead, _):
        pass
    os.utime(dead)
    OwnedFolder(prefix).close()
    assert dead.exists()
    age(dead)
    OwnedFolder(prefix).close()
    assert not dead.exists()


def test_a_folder_stays_its_owner_s_when_a_copy_is_made(tmp_path: Path) -> None:
    """To open and close the files in it does not make others think that the owner has died."""
    prefix = f"graflow-test-{uuid4().hex}-"
    with closing(OwnedFolder(prefix)) as mine:
        shutil.copytree(mine.path, tmp_path / "copy")
        age(Path(mine.path))
        with (
            another_owner(prefix),  # its sweep leaves the folder
            attended(
                subprocess.Popen(
                    [sys.executable, "-c", WORKER, mine.path],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            ) as worker,
        ):
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"waits\n"
            worker.communicate()
            assert worker.returncode == 0
        assert Path(mine.path).exists()
