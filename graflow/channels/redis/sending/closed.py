"""The transport of a handle that was closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from graflow.channels.operation.told_errors import blame
from graflow.channels.redis.scripts import Script
from graflow.channels.redis.sending.once import Guard
from graflow.channels.redis.sending.requests import Part
from graflow.channels.redis.sending.transport import Transport
from graflow.exceptions import ChannelUnavailableError

__all__ = ["ClosedTransport"]


class ClosedTransport(Transport):
    """Sends nothing: its channel was closed."""

    def __init__(self, server: str, channel: str = "") -> None:
        """Remember which server it was."""
        self.server = server
        self._channel = channel

    def read_here(self, command: Sequence[Part], key: str) -> NoReturn:
        """Say that the channel is closed."""
        self._run(command, None, key, writes=False)

    def run_once(
        self,
        script: Script,
        key: str | None,
        keys: Sequence[bytes],
        slots: bytes,
        args: Sequence[Part],
        guard: Guard | None = None,
    ) -> NoReturn:
        """Say that the channel is closed."""
        self._run((), script, key, writes=True)

    run_once_here = run_once

    def _run(
        self, command: Sequence[Part], script: Script | None, key: str | None, *, writes: bool
    ) -> NoReturn:
        closed = ChannelUnavailableError("this handle on the channel is closed; open another one")
        blame(closed, self._channel, key)
