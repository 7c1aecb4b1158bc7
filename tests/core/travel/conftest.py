"""The channel of tests of executors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from graflow import RedisChannel
from graflow.core.launch import preparing
from graflow.core.travel.marks import FolderMarks
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
