"""A mailbox in a run's channel: values that tasks elsewhere emit, until the run fetches them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Final

from typing_extensions import override

from graflow.channels.backend import Conflict, Delete, Holds, Pop, Push, Put
from graflow.channels.base import Channel
from graflow.channels.codec.codec import decode, encode_item
from graflow.channels.hidden_keys import kept_key
from graflow.core.state.emitter import Emitter
from graflow.exceptions import ChannelError

__all__ = ["FETCHED_EVERY", "Mailbox"]

FETCHED_EVERY: Final = 0.05
"""Seconds after which a run looks into its mailbox again, if somebody watches it."""

_ROOM = 256  # values that may wait in it
_AT_ONCE = 100  # values that are fetched in one step
_LEASE = 24 * 3600 * 1000  # ms after which it disappears if nobody is left to remove it
_RENEWED_EVERY = _LEASE / 1000 / 24  # seconds
_OPEN = b"1"
_SHORTEST, _LONGEST = 0.01, 0.2  # seconds between two looks at whether there is room


class Mailbox(Emitter):
    """A list in the channel, which users don't see; workers add to it, and the run takes out.

    A second key is there while the run is. Without it, what a thread emits that its task has left
    behind would lie in the channel, and the thread would wait for room that nobody makes.
    """

    def __init__(self, channel: Channel, run: str) -> None:
        """Use the mailbox of a run.

        Args:
            channel: The channel.
            run: The unique id of the run on this executor.
        """
        self._channel = channel
        self._key = kept_key("emitted", run)
        self._sign = kept_key("emitting", run)
        self._renew_at = 0.0

    def open(self) -> None:
        """Take what is emitted from now on.

        Raises:
            ChannelError: The channel can't be reached, or the run was taken over.
        """
        self._channel.backend.apply(Put(self._sign, _OPEN, _LEASE))
        self._renew_at = monotonic() + _RENEWED_EVERY

    @override
    def emit(self, task_id: str, record: bytes) -> None:
        backend = self._channel.backend
        # The text of an id as JSON has no line break in it.
        item = encode_item(task_id) + b"\n" + record
        answers = backend.commit((Holds(self._sign, _OPEN),), (Push(self._key, item, _LEASE),))
        if isinstance(answers, Conflict):
            return
        (length,), pause = answers, _SHORTEST
        assert isinstance(length, int)
        while length > _ROOM and backend.get(self._sign):
            sleep(pause)
            pause = min(2 * pause, _LONGEST)
            length = len(backend.head(self._key, _ROOM + 1))

    def fetch(self, deliver: Callable[[str, bytes], object]) -> None:
        """Take out what is there, and pass it on in order: task ids and encoded values.

        Raises:
            ChannelError: The channel can't be reached, or the run was taken over.
        """
        backend = self._channel.backend
        if monotonic() >= self._renew_at:
            self.open()
        while found := len(backend.head(self._key, _AT_ONCE)):
            for item in backend.commit((), [Pop(self._key)] * found):
                assert isinstance(item, bytes)  # as nobody else takes anything out
                task_id, _, record = item.partition(b"\n")
                deliver(decode(task_id), record)

    def close(self) -> None:
        """Remove what is left; the run is over."""
        with suppress(ChannelError):
            self._channel.backend.commit((), (Delete(self._sign), Delete(self._key)))
