"""`KeyScan`: a channel's keys on a server, listed in steps, none of which takes it long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from graflow.channels.redis.scripts import script
from graflow.channels.redis.sending.requests import Sending
from graflow.channels.redis.sending.transport import Transport
from graflow.exceptions import ChannelPermissionError, ChannelUnavailableError

__all__ = ["KeyScan", "starting_with"]

_AT_ONCE: Final = 1_000  # keys that a step goes through, which takes a server less than 1 ms
_REMEMBERED: Final = 32_768
_SCAN, _KEYS = script("scan"), script("keys")
_GLOB: Final = re.compile(rb"([*?\[\]\\^-])")
_RUN_ID: Final = re.compile(rb"^run_id:(\w+)", re.MULTILINE)


def starting_with(prefix: str) -> bytes:
    """Return the pattern, as servers take it, of what begins with a prefix."""
    return _GLOB.sub(rb"\\\1", prefix.encode()) + b"*"


class KeyScan:
    """The listing of a channel's keys by the cursor of its index.

    A server goes through the index in an order in which a key stays as long as it is there, so none
    is missed, whatever becomes of its expiry. Of an index that shrinks meanwhile it may give some
    keys twice, but only those that it gave last: of one that shrinks to a hundredth, the last few
    hundred. So it is enough to remember some of them.
    """

    def __init__(self, transport: Transport, index: bytes, prefix: str) -> None:
        """List nothing yet.

        Args:
            transport: Has the commands sent.
            index: The key of the index.
            prefix: What the keys begin with.
        """
        self._transport = transport
        self._index = index
        self._prefix = prefix
        self._cursor: bytes | None = None
        self._is_over = False
        self._run_id: bytes | None = None
        self._recent: set[bytes] = set()
        self._before: set[bytes] = set()

    def step(self) -> Sending[list[str] | None]:
        """Return some more keys; `None` if that was all of them.

        Raises:
            ChannelUnavailableError: Another server answers than the one that began.
        """
        if self._is_over:
            return None
        if self._cursor is None:
            self._run_id = yield from self._server()
        arguments = (self._cursor or b"0", b"%d" % _AT_ONCE, starting_with(self._prefix))
        try:
            found = yield from self._transport.run(_SCAN, None, (self._index,), arguments)
        except ChannelPermissionError:  # who may not ask for some keys may ask for all of them
            self._is_over = True
            return (yield from self._at_once())
        is_first, self._cursor = self._cursor is None, found[0]
        self._is_over = self._cursor == b"0"
        if self._is_over and not is_first:
            yield from self._check_server()
        return [key.decode() for key in self._new(found[1:])]

    def _at_once(self) -> Sending[list[str]]:
        found = yield from self._transport.run(_KEYS, None, (self._index,))
        start = self._prefix.encode()
        return [key.decode() for key in self._new(found) if key.startswith(start)]

    def _new(self, found: list[bytes]) -> Iterator[bytes]:
        for key in found:
            if key not in self._recent and key not in self._before:
                self._recent.add(key)
                yield key
        if len(self._recent) >= _REMEMBERED:
            self._before, self._recent = self._recent, set()

    def _check_server(self) -> Sending[None]:
        if self._run_id is not None and self._run_id != (yield from self._server()):
            raise ChannelUnavailableError(
                f"{self._transport.server} was started anew, or another server took its place, "
                "while its keys were listed, so some may be missing: list them again"
            )

    def _server(self) -> Sending[bytes | None]:
        """Return what tells the server from others; `None` if the user may not know."""
        try:
            about: object = yield from self._transport.read("INFO", "server")
        except ChannelPermissionError:
            return None
        found = _RUN_ID.search(about) if isinstance(about, bytes) else None
        return found[1] if found else None
