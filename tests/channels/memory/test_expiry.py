"""Expiry to the millisecond, which only a clock that stands still can show."""

from __future__ import annotations

import pytest

from graflow.exceptions import ChannelKeyError
from tests.backends import MemoryBackend


def test_a_key_lasts_to_the_moment_of_its_expiry_and_no_longer() -> None:
    """All operations agree on the last millisecond, and on the moment after it."""
    backend = MemoryBackend()
    channel = backend.open("c")
    channel.set("key", 1, ttl=5)
    backend.advance(4.999)
    assert channel.ttl("key") == 0.001
    assert (channel.get("key"), channel.exists("key"), channel.keys()) == (1, True, ["key"])
    backend.advance(0.001)
    assert channel.keys() == []
    assert (channel.get("key"), channel.exists("key"), channel.get_many(["key"])) == (
        None,
        False,
        {},
    )
    with pytest.raises(ChannelKeyError):
        channel.ttl("key")
    assert not channel.delete("key")


def test_a_lock_lasts_to_the_end_of_its_lease_and_no_longer() -> None:
    """To the millisecond."""
    backend = MemoryBackend()
    channel = backend.open("c")
    first = channel.backend.acquire("key", "me", 5_000)
    backend.advance(4.999)
    assert channel.backend.acquire("key", "another", 5_000) == "me"
    backend.advance(0.001)
    second = channel.backend.acquire("key", "another", 5_000)
    assert (type(first), type(second)) == (int, int)
    assert first != second
