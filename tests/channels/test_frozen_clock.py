"""Waits of channels in a test that freezes time: they end all the same."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from graflow.channels.base import Channel
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelConflictError, ChannelTimeoutError, ChannelUnavailableError

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("frozen")]


@pytest.mark.needs_system
def test_a_wait_for_a_lock_ends(open_channel: Callable[[str], Channel]) -> None:
    """It takes its `timeout` in real time."""

    def take() -> None:
        with open_channel("test").lock("lock", timeout=0.05):
            pass

    with (
        open_channel("test").lock("lock"),
        ThreadPoolExecutor(1) as pool,
        pytest.raises(ChannelTimeoutError),
    ):
        pool.submit(take).result()


@pytest.mark.needs_system
def test_an_update_ends(channel: Channel) -> None:
    """It gives up after the channel's `timeout`, however often somebody writes in between."""
    channel.backend.timeout = 0.1
    channel.set("key", 0)

    def write(value: int) -> int:
        channel.set("key", value + 1)
        return value

    with pytest.raises(ChannelConflictError):
        channel.update("key", write)


@pytest.mark.needs_system
def test_an_operation_on_a_silent_server_ends() -> None:
    """It takes the channel's `timeout` in real time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        with (
            RedisChannel("c", url=url, timeout=0.2) as channel,
            pytest.raises(ChannelUnavailableError),
        ):
            channel.get("key")
