"""The channel of tests of executors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import loky
import pytest
import redis
from distributed import Client, LocalCluster

from graflow import RedisChannel
from graflow.core.launch import preparing
from graflow.core.travel.executors import ExecutorSource
from graflow.core.travel.marks import FolderMarks
from tests.core.travelling import processes
from tests.servers import Server


@pytest.fixture
def channel(
    servers: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisChannel]:
    """An empty channel on a server, reached over its Unix socket.

    No test leaves a lock there, or the mark of a submission anywhere for longer than a minute.
    """
    folders: list[str] = []

    class Noted(FolderMarks):
        def __init__(self) -> None:
            super().__init__()
            folders.append(self._folder)

    monkeypatch.setattr(preparing, "FolderMarks", Noted)
    path = str(servers("valkey-9").socket)
    with RedisChannel("run", url=f"unix://{path}") as channel:
        channel.clear()
        yield channel
    with redis.Redis(unix_socket_path=path) as client:
        assert client.keys("graflow:{run}:l:[^g]*") == []
        marks = [client.pttl(mark) for mark in client.scan_iter("graflow:{run}:l:graflow:*")]
        assert all(left <= 60_000 for left in marks)  # of what a cluster was told to forget
    assert [folder for folder in folders if Path(folder).exists()] == []


@pytest.fixture(params=["process pool", "loky", "dask"])
def far(request: pytest.FixtureRequest) -> ExecutorSource:
    """Each kind of executor that leaves this process."""
    if request.param == "dask":
        executor: Executor = request.getfixturevalue("dask")
        return executor
    return processes if request.param == "process pool" else partial(loky.get_reusable_executor, 2)


@pytest.fixture(scope="module")
def dask() -> Iterator[Executor]:
    """The executor of a cluster of two processes on this machine."""
    settings: Any = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    # It would silence whatever handles logs, with pytest's handlers, for all tests that follow.
    with (
        LocalCluster(silence_logs=False, **settings) as cluster,  # type: ignore[no-untyped-call]
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield client.get_executor()
