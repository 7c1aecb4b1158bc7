"""Commands of a test's own, over the connections of a channel."""

from __future__ import annotations

from typing import Any

from graflow.channels.redis.sending.requests import Part, carry_out
from graflow.channels.redis_channel import RedisChannel

__all__ = ["ask_server"]


def ask_server(channel: RedisChannel, *command: Part) -> Any:
    """Send a command that changes nothing, as the channel sends its own, and return the reply."""
    return carry_out(channel.backend._primitives.transport.read(*command))
