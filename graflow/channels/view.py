"""`ChannelView`: the part of a channel that is the same whatever schema stands in front of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from graflow.channels.base import Channel
from graflow.channels.commits.commit import Steps
from graflow.channels.operation.operations import PLAIN, Operations
from graflow.channels.operation.told_errors import blame
from graflow.exceptions import ChannelError, ChannelTypeError

__all__ = ["ChannelView"]

R = TypeVar("R")


class ChannelView(ABC):
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
        self._backend = channel.backend
        self._operations = Operations(channel.backend, PLAIN)

    @property
    def channel(self) -> Channel:
        """The channel that stores the values."""
        return self._channel

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._channel.name

    def __enter__(self) -> Self:
        """Return it; leaving the block closes the channel below it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel below it, for all who use that handle; see `Channel.close`."""
        self._channel.close()

    @abstractmethod
    def exists(self, key: str) -> bool:
        """Tell whether `key` has a value."""

    def __contains__(self, key: str, /) -> bool:
        """Tell whether `key` has a value, as `exists` does."""
        return self.exists(key)

    __iter__: ClassVar[None] = None  # as of a channel

    def _perform(self, steps: Steps[R]) -> R:
        try:
            return self._backend.perform(steps)
        except ChannelError as error:
            blame(error, self.name, None)
