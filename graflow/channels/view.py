"""`ChannelView`: the part of a channel that is the same whatever schema stands in front of it."""

from __future__ import annotations

from typing import Generic, TypeVar

from graflow.channels.base import Channel
from graflow.channels.handle import Handle
from graflow.exceptions import ChannelTypeError

__all__ = ["ChannelView"]

K_contra = TypeVar("K_contra", contravariant=True)


class ChannelView(Handle[K_contra], Generic[K_contra]):
    """A channel seen through a schema: the base of typed and keyed channels."""

    def __init__(self, channel: Channel) -> None:
        """Look at a channel.

        Args:
            channel: The channel that stores the values.

        Raises:
            ChannelTypeError: It is not a channel.
        """
        if not isinstance(channel, Channel):
            raise ChannelTypeError(
                f"a {type(self).__name__} wraps a Channel, not a {type(channel).__name__}"
            )
        self._channel = channel
        self.backend = channel.backend

    @property
    def channel(self) -> Channel:
        """The channel that stores the values."""
        return self._channel

    def close(self) -> None:
        """Close the channel below it, for all who use that handle; see `Channel.close`."""
        self._channel.close()
