"""The backend from which broken ones derive keeps the contract."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from graflow.testing import Capabilities, ChannelConformance, Harness
from tests.testing.sqlite_store import SqliteChannel


@pytest.mark.thorough
class TestSqlite(ChannelConformance):
    """Channels in a file."""

    capabilities = Capabilities(
        shared=True, durable=True, linear_append="a list is one row, which is written anew"
    )
    examples = 5

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls, tmp_path_factory: pytest.TempPathFactory) -> Harness:
        """A file, whose deadlines all come nearer when time is to pass."""
        return sqlite_harness(tmp_path_factory.mktemp("sqlite") / "channels.db")


def sqlite_harness(path: Path) -> Harness:
    """Reach channels in a file, which is made now: time may pass before the first operation."""
    handles = [SqliteChannel("any", path)]
    handles[0].keys()

    def open_channel(name: str) -> SqliteChannel:
        handles.append(SqliteChannel(name, path))
        return handles[-1]

    def advance(seconds: float) -> None:
        with sqlite3.connect(path) as connection:
            passed = round(seconds * 1000)
            connection.execute("UPDATE entries SET expires = expires - ?", (passed,))
        connection.close()

    def restart() -> None:
        for handle in handles:
            handle.close()

    def read(name: str, key: str) -> bytes | list[bytes] | None:
        connection = sqlite3.connect(path)
        try:
            found = connection.execute(
                "SELECT data FROM entries WHERE channel = ? AND key = ?", (name, key)
            ).fetchone()
            if found is None or isinstance(found[0], bytes):
                return None if found is None else bytes(found[0])
            return [item.encode("latin-1") for item in json.loads(found[0])]
        finally:
            connection.close()

    def connections() -> list[int | None]:
        found = [vars(handle.backend)["_file"].connection for handle in handles]
        return [None if connection is None else id(connection) for connection in found]

    return Harness(
        open=open_channel,
        open_async=lambda name: open_channel(name).aio,
        advance=advance,
        restart=restart,
        started=connections,
        read=read,
    )
