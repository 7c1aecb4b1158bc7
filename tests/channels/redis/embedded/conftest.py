"""Fixtures of tests of embedded servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graflow.system.file_locks import is_locked
from tests.channels.redis.embedded.users import kill_users
from tests.servers.server import wait_until


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A directory for the data, not yet made; its server is gone afterwards."""
    home = tmp_path / "data"
    yield home
    kill_users()
    wait_until("its server is gone", lambda: not is_locked(home / "graflow.running"))
