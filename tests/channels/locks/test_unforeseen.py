"""Background work of locks on a backend that raises what no backend should."""

from __future__ import annotations

import logging
from typing import Any
from unittest.mock import Mock

import pytest

from graflow.channels.locks.lease import free_later, holding_of
from graflow.channels.memory_channel import MemoryChannel
from tests.servers.server import wait_until


def test_a_lease_is_renewed_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock is not lost by one error, which the log tells."""
    channel = MemoryChannel("test")
    owners = list[str]()
    acquire = channel.backend.acquire

    def acquire_noted(lock: str, owner: str, *args: Any) -> int | str:
        owners.append(owner)
        return acquire(lock, owner, *args)

    monkeypatch.setattr(channel.backend, "acquire", acquire_noted)
    with channel.lock("key", lease=60):
        holding = holding_of(owners[-1])
        assert holding is not None
        with monkeypatch.context() as failing, caplog.at_level(logging.WARNING, "graflow.channels"):
            failing.setattr(holding._backend, "renew", Mock(side_effect=ValueError("unforeseen")))
            before = holding.due
            holding.renew()
        assert not holding.lost
        assert holding.due < before
        assert "ValueError: unforeseen" in caplog.text
        holding.renew()
        assert holding.due > before


@pytest.mark.needs_system
def test_a_lock_is_freed_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Though the first attempt fails in a way that nobody foresaw."""
    channel = MemoryChannel("test")
    backend: Any = channel.backend
    assert isinstance(backend.acquire("key", "owner", 60_000), int)
    release, errors = type(backend).release, [ValueError("unforeseen")]

    def release_later(self: Any, lock: str, owner: str) -> bool:
        if errors:
            raise errors.pop()
        released: bool = release(self, lock, owner)
        return released

    monkeypatch.setattr(type(backend), "release", release_later)
    with caplog.at_level(logging.WARNING, "graflow.channels"):
        free_later(backend, "key", "owner", 60_000)
        wait_until("it is free", lambda: backend.acquire("key", "other", 1000) != "owner")
    assert "ValueError: unforeseen" in caplog.text
