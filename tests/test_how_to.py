"""The how-to pages: their blocks run, and what they say of killed programs is true."""

from __future__ import annotations

import asyncio
import importlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from graflow import Channel, RedisChannel, SQLiteChannel
from tests.how_to import PAGES, SNIPPETS, environment
from tests.pages import write_modules
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended
from tests.servers import Server


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Path]]:
    """A function that writes the modules of a page into the working folder, to be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(page: Path) -> Path:
        write_modules(f"docs/how-to/{page.name}", tmp_path)
        return tmp_path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs(
    page: Path,
    place: Callable[[Path], Path],
    servers: Callable[[str], Server],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its blocks print what stands below them; GRAFLOW_URL is that of a server."""
    server = servers("valkey-9")
    place(page)
    monkeypatch.setenv("GRAFLOW_URL", server.url)
    document = SNIPPETS.parse(page)
    document.namespace["capsys"] = capsys
    with asyncio.Runner() as runner:
        document.namespace["runner"] = runner
        for example in document.examples():
            example.evaluate()


@pytest.mark.parametrize("backend", ["file", "server"])
def test_a_job_of_a_killed_worker_is_done_by_another(
    backend: str,
    place: Callable[[Path], Path],
    servers: Callable[[str], Server],
) -> None:
    """The second worker does all of them, each once, and ends when it is told to."""
    folder = place(ROOT / "docs/how-to/job-queue.md")
    jobs: Any = importlib.import_module("jobs")
    server = servers("valkey-9")
    where = server.url if backend == "server" else str(folder / "mill.db")
    with ExitStack() as stack:
        channel: Channel = stack.enter_context(
            RedisChannel("mill", url=where)
            if backend == "server"
            else SQLiteChannel("mill", where)
        )
        channel.clear()
        queue = channel.of(jobs.Queue)
        for number in range(5):
            queue.append(jobs.Queue.waiting, jobs.Job(str(number), f"work {number}"))
        killed = stack.enter_context(started(where, SECONDS="3600", LEASE="1"))
        assert killed.stdout is not None
        assert killed.stdout.readline() == "work 0\n"
        killed.kill()
        killed.wait()
        worker = stack.enter_context(started(where, LEASE="1"))
        done = queue.wait_for(jobs.Queue.done, lambda ids: len(ids) == 5, timeout=PATIENCE)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait() == 0
        assert sorted(done) == ["0", "1", "2", "3", "4"]
        assert channel.keys() == ["jobs:done"]


def started(where: str, **settings: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """Start a worker of the page on queues."""
    return attended(
        subprocess.Popen(
            [sys.executable, "worker.py", where],
            env=environment() | settings,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
