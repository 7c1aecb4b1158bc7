"""What `repr` shows of channels, and of what stands in front of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

import pytest

from graflow import (
    AsyncChannel,
    AsyncKeyedChannel,
    AsyncKeysChannel,
    AsyncTypedChannel,
    Channel,
    Key,
    KeyedChannel,
    Keys,
    KeysChannel,
    MemoryChannel,
    RedisChannel,
    Transaction,
    TypedChannel,
)


class State(TypedDict):
    """A schema."""

    count: int


class Shared(Keys):
    """Keys."""

    count = Key(int)


FACES: list[Callable[[Channel], object]] = [
    lambda channel: channel,
    lambda channel: channel.backend,
    lambda channel: channel.aio,
    lambda channel: channel.aio.backend,
    lambda channel: TypedChannel(channel, State),
    lambda channel: TypedChannel(channel, State).aio,
    lambda channel: KeyedChannel(channel, State),
    lambda channel: KeyedChannel(channel, State).aio,
    lambda channel: channel.of(Shared),
    lambda channel: channel.of(Shared).aio,
    lambda channel: channel.lock("key"),
    lambda channel: channel.aio.lock("key"),
    lambda channel: Transaction(channel.backend),
]


@pytest.mark.parametrize("face", FACES)
def test_no_face_shows_a_password_or_asks_the_server(face: Callable[[Channel], object]) -> None:
    """Nobody listens at this address, and each shows the channel's name all the same."""
    channel = RedisChannel("orders", url="redis://bob:s3cret@127.0.0.1:1/2")
    shown = repr(face(channel))
    assert "'orders'" in shown
    assert "s3cret" not in shown
    assert "bob" not in shown


def test_faces_say_where_a_channel_is() -> None:
    """On an event loop and in a transaction, too."""
    channel = RedisChannel("orders", url="redis://127.0.0.1:1/2")
    place = "('orders', redis://127.0.0.1:1/2)"
    assert repr(channel) == f"RedisChannel{place}"
    assert repr(channel.aio) == f"AsyncChannel{place}"
    assert repr(Transaction(channel.backend)) == f"Transaction{place}"
    assert repr(channel.of(Shared).aio) == f"AsyncKeysChannel(AsyncChannel{place}, Shared)"


def test_a_lock_shows_its_key_and_its_channel() -> None:
    """Held or not."""
    lock = MemoryChannel("m").lock("k")
    assert repr(lock) == "<lock 'k' of channel 'm'>"
    with lock as held:
        assert repr(held) == "<held lock 'k' of channel 'm'>"


@pytest.mark.parametrize(
    "kind",
    [
        *(AsyncChannel, AsyncKeyedChannel, AsyncKeysChannel, AsyncTypedChannel),
        *(KeyedChannel, KeysChannel, MemoryChannel, RedisChannel, Transaction, TypedChannel),
    ],
)
def test_what_was_not_made_yet_has_a_repr(kind: Any) -> None:
    """As a traceback shows it, when its `__init__` has raised."""
    assert repr(kind.__new__(kind)) == f"{kind.__name__}(not open)"
