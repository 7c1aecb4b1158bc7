"""A channel as a run has it: behind a fence."""

from __future__ import annotations

from graflow.channels.backend import Fence
from graflow.channels.base import Channel
from graflow.channels.hidden_keys import kept_key

__all__ = ["FENCE", "fenced", "put_fence"]

FENCE = Fence(kept_key("fence", "run"), b"1", "run", "workflow")


def put_fence(channel: Channel) -> None:
    """Let the channel hold what the fence asks for."""
    channel.backend.put(FENCE.key, FENCE.record, None)


def fenced(channel: Channel) -> Channel:
    """Return the channel as a run has it."""
    return channel.on(channel.backend.fenced(FENCE))
