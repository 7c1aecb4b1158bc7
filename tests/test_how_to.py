"""The how-to pages: their blocks run, and what they say of killed programs is true."""

from __future__ import annotations

import asyncio
import importlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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


@pytest.fixture(params=["file", "server"])
def mill(
    request: pytest.FixtureRequest,
    place: Callable[[Path], Path],
    servers: Callable[[str], Server],
) -> Iterator[tuple[Channel, str]]:
    """The channel of the page on queues with five jobs, and where it is."""
    folder = place(ROOT / "docs/how-to/job-queue.md")
    jobs: Any = importlib.import_module("jobs")
    where = str(folder / "mill.db") if request.param == "file" else servers("valkey-9").url
    made: Channel = (
        SQLiteChannel("mill", where) if request.param == "file" else RedisChannel("mill", url=where)
    )
    with made as channel:
        channel.clear()
        for number in range(5):
            job = jobs.Job(str(number), f"work {number}")
            channel.of(jobs.Queue).append(jobs.Queue.waiting, job)
        yield channel, where


def test_a_job_of_a_killed_worker_is_done_by_another(mill: tuple[Channel, str]) -> None:
    """The second worker does all of them, each once, and ends when it is told to."""
    channel, where = mill
    with started(where, SECONDS="3600", LEASE="1") as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "work 0\n"
        killed.kill()
    with started(where, LEASE="1") as worker:
        done = channel.wait_for("jobs:done", lambda ids: len(ids) == 5, timeout=PATIENCE)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert sorted(done) == ["0", "1", "2", "3", "4"]
    assert channel.keys() == ["jobs:done"]


def test_a_job_of_a_frozen_worker_is_counted_once(mill: tuple[Channel, str]) -> None:
    """Another one does it meanwhile; what the first one has to say after that counts no more."""
    channel, where = mill
    with started(where, SECONDS="3", LEASE="1") as frozen:
        assert frozen.stdout is not None
        assert frozen.stdout.readline() == "work 0\n"
        frozen.send_signal(signal.SIGSTOP)
        with started(where, LEASE="1") as worker:
            channel.wait_for("jobs:done", lambda ids: len(ids) == 5, timeout=PATIENCE)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait() == 0
        frozen.send_signal(signal.SIGTERM)
        frozen.send_signal(signal.SIGCONT)
    assert sorted(channel.get("jobs:done")) == ["0", "1", "2", "3", "4"]
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


def test_a_service_goes_on_with_what_it_was_stopped_in(
    place: Callable[[Path], Path],
    servers: Callable[[str], Server],
) -> None:
    """Runs answer, and are stopped by SIGTERM; the next process finishes them."""
    place(ROOT / "docs/how-to/services.md")
    url = servers("valkey-9").url
    with RedisChannel("begun", url=url) as begun:
        begun.clear()
    with serving(url, SECONDS="0") as address:
        assert asked(address, "count", b"to be") == 2
        run_id = asked(address, "runs", b"or not")["run"]
        assert settled(address, run_id, "finished")["words"] == ["or", "not"]
        assert asked(address, "runs/unknown") == {"state": "unknown"}
    with serving(url, SECONDS="3600") as address:
        run_id = asked(address, "runs", b"to be or")["run"]
        settled(address, run_id, "running")
    with serving(url, SECONDS="0") as address:
        assert settled(address, run_id, "finished")["words"] == ["to", "be", "or"]
        eventually(lambda: not list(Path("checkpoints").glob("*.json")))
    with RedisChannel("begun", url=url) as begun:
        assert begun.keys() == []


@contextmanager
def serving(url: str, **settings: str) -> Iterator[str]:
    """Run the service of the page; give its address, and end it with SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "service:app", "--port", str(port)]
    env = environment() | {"GRAFLOW_URL": url} | settings
    with attended(subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)) as process:
        eventually(lambda: process.poll() is not None or is_open(port))
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait() in (0, -signal.SIGTERM)


def is_open(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def asked(address: str, path: str, body: bytes | None = None) -> Any:
    """Return what the service answers."""
    try:
        with urllib.request.urlopen(f"{address}/{path}", body) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)


def settled(address: str, run_id: str, state: str) -> Any:
    """Wait until a run is in a state, and return what is said of it."""
    eventually(lambda: asked(address, f"runs/{run_id}")["state"] == state)
    return asked(address, f"runs/{run_id}")


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_job_that_was_told_to_end_goes_on_at_the_next_start(
    place: Callable[[Path], Path], servers: Callable[[str], Server]
) -> None:
    """Whenever SIGTERM comes, each step runs once."""
    place(ROOT / "docs/how-to/deploying.md")
    env = environment() | {"GRAFLOW_URL": servers("valkey-9").url}
    command = [sys.executable, "nightjob.py"]
    first = subprocess.Popen(
        command,
        env=env | {"SECONDS": "5"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with attended(first):
        assert first.stdout is not None
        printed = first.stdout.readline()
        first.send_signal(signal.SIGTERM)
        more, said = first.communicate()
    assert said == "stopped; the next start goes on\n"
    assert first.returncode == 1
    printed += (
        more
        + subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    assert printed.splitlines() == ["step 1", "step 2", "2"]


def test_the_index_lists_every_page() -> None:
    """Each page has a row there, by what one wants to do, and a place in the site's navigation."""
    index = (ROOT / "docs/how-to/index.md").read_text()
    navigation = (ROOT / "mkdocs.yml").read_text()
    for page in PAGES:
        assert page.name == "index.md" or f"]({page.name})" in index
        assert f"how-to/{page.name}\n" in navigation
