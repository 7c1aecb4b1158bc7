"""`Origin`: the channels that a page shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final, Protocol

from graflow.channels.base import Channel
from graflow.channels.factory import ChannelFactory
from graflow.exceptions import ChannelTypeError, ChannelValueError
from graflow.ui.answers.recent import Recent
from graflow.ui.answers.shared_reading import SharedReading

__all__ = ["ChannelsBeside", "GivenChannels", "Origin", "at_url"]

_SELDOM: Final = 2.0  # s between two looks for channels
_MOST: Final = 100_000  # channels that are listed


class Origin(Protocol):
    """The channels that a page shows.

    Attributes:
        label: Where they are, without a password.
    """

    label: str

    def names(self) -> Sequence[str]:
        """Return the names of all channels that there are now, in order."""

    def channel(self, name: str) -> Channel:
        """Return a handle on a channel.

        Raises:
            KeyError: The page shows no such channel.
        """

    def close(self) -> None:
        """Release what was opened."""


class GivenChannels:
    """Channels that a program has opened itself, such as one in its memory; it closes them."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        """Take the channels.

        Raises:
            ChannelTypeError: One of them is something else.
            ChannelValueError: There are none, or two have the same name.
        """
        self._channels: dict[str, Channel] = {}
        for channel in channels:
            if not isinstance(channel, Channel):
                raise ChannelTypeError(
                    f"a page shows a URL or channels, not {type(channel).__name__}"
                )
            if channel.name in self._channels:
                raise ChannelValueError(f"two channels are called {channel.name!r}")
            self._channels[channel.name] = channel
        if not self._channels:
            raise ChannelValueError("a page needs a channel to show")
        places = {channel.backend.address or "memory" for channel in self._channels.values()}
        self.label = ", ".join(sorted(places))

    def names(self) -> Sequence[str]:
        """Return the names of the channels."""
        return sorted(self._channels)

    def channel(self, name: str) -> Channel:
        """Return one of the channels."""
        return self._channels[name]

    def close(self) -> None:
        """Leave the channels open."""


class ChannelsBeside:
    """All channels on the server of one of them, or in its file."""

    def __init__(self, door: Channel, *, closes: bool = False) -> None:
        """Look from one channel at the others.

        Args:
            door: The channel.
            closes: Whether it is closed at the end.

        Raises:
            ChannelTypeError: It is something else.
            ChannelValueError: It can have no others beside it, as in memory.
        """
        if not isinstance(door, Channel):
            raise ChannelTypeError(f"a page shows a URL or channels, not {type(door).__name__}")
        if not door.shared:
            raise ChannelValueError("memory has no channels that others can see; pass each itself")
        self.label = door.backend.address
        self._door, self._closes = door, closes
        self._names = SharedReading(self._found, lambda names: _SELDOM)
        self._channels: Recent[Channel] = Recent()

    def names(self) -> Sequence[str]:
        """Return the names of the channels, in order, and no more than a page can take."""
        return self._names.latest()

    def channel(self, name: str) -> Channel:
        """Return one of the channels, or one that may come to be."""
        try:
            return self._channels.get_or_make(name, lambda: self._door.beside(name))
        except ChannelValueError:
            raise KeyError(name) from None

    def close(self) -> None:
        """Close the connections, if they are its own."""
        if self._closes:
            self._door.close()

    def _found(self) -> list[str]:
        return sorted(islice(self._door.names_beside(), _MOST))


def at_url(url: str) -> ChannelsBeside:
    """Return all channels at a URL; a server is asked when it is first used, and no file is made.

    Raises:
        ChannelTypeError, ChannelValueError: It is no URL of channels.
        ChannelNotFoundError: There is no such file or directory.
    """
    options: dict[str, Any] = {}
    if url.lower().startswith(("redis", "unix:")):
        options["allow_eviction"] = True  # looking does no harm
    door = ChannelFactory.from_url(url, create=False, **options)
    try:
        return ChannelsBeside(door, closes=True)
    except BaseException:
        door.close()
        raise
