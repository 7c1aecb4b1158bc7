"""A connection for news: which keys they are about, and what it has yet to answer."""

from __future__ import annotations

import math
import ssl
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from redis.exceptions import ConnectionError, RedisError, ResponseError

from graflow.channels.redis.wire import MORE, PUSH, hiredis
from graflow.system.clock import monotonic

__all__ = ["PushConnection"]

_LOOK: Final = 15.0  # seconds between two questions whether the server is still there
_ANSWER: Final = 5.0  # seconds in which it has to answer
_PIECE: Final = 1 << 16
_TO_SEND: Final = 2.0  # seconds
_NOTHING_YET: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_SPARE: Final = 16  # prefixes that nobody needs any more, before the server is told so


class PushConnection:
    """A connection to a server that pushes news of all keys with certain prefixes.

    Attributes:
        place: Where it goes.
        socket: What it waits for.
        live: The prefixes of which news come.
    """

    def __init__(self, connection: Any, place: Any, question: Sequence[str]) -> None:
        """Use a connection of redis-py, which is connected and speaks RESP3."""
        self.place = place
        self.live: set[bytes] = set()
        self.socket = connection._sock  # redis-py would wait for a reply, not for news
        self._connection = connection
        self._question = question
        self._asked: set[bytes] = set()
        self._reader = hiredis.Reader(notEnoughData=MORE)
        self._awaited: deque[Iterable[bytes] | None] = deque()
        self._look_at = monotonic() + _LOOK
        self._answer_by = math.inf
        self.socket.settimeout(0)

    @property
    def due(self) -> float:
        """When `tend` has something to do, on the clock of `time.monotonic`."""
        return min(self._look_at, self._answer_by)

    def tend(self, wanted: set[bytes]) -> None:
        """Ask for the news that are wanted, and whether the server is still there.

        Raises:
            redis.RedisError, OSError: The connection is broken, or the server does not answer.
        """
        now = monotonic()
        if now >= self._answer_by:
            raise ConnectionError("the server does not answer")
        if len(self._asked - wanted) > len(wanted) + _SPARE:
            self._send("CLIENT", "TRACKING", "OFF")
            self._awaited.append(())
            self._asked, self.live = set(), set()
        new = wanted - self._asked
        if new:
            prefixes = [part for prefix in new for part in (b"PREFIX", prefix)]
            self._send("CLIENT", "TRACKING", "ON", "BCAST", *prefixes)
            self._awaited.append(new)
            self._asked |= new
        elif now >= self._look_at:
            self._send(*self._question)
            self._awaited.append(None)

    def _send(self, *command: str | bytes) -> None:
        self.socket.settimeout(_TO_SEND)
        self._connection.send_command(*command, check_health=False)
        self.socket.settimeout(0)
        now = monotonic()
        self._answer_by, self._look_at = min(self._answer_by, now + _ANSWER), now + _LOOK

    def receive(self) -> Iterator[tuple[Any, Iterable[bytes] | None]]:
        """Yield the news that have come, each with `()`, and the answers.

        An answer comes with the prefixes of which news come from now on, or with `None` if it is
        to the question. A refusal is an error.

        Raises:
            redis.RedisError, OSError: The connection is broken.
        """
        self._feed()
        while True:
            try:
                message = self._reader.gets()
            except hiredis.ProtocolError as error:
                raise ConnectionError(str(error)) from error
            if message is MORE:
                return
            if isinstance(message, PUSH):
                yield message, ()
                continue
            if not self._awaited:
                raise ConnectionError("the server answers what nobody has asked")
            about = self._awaited.popleft()
            self._answer_by = monotonic() + _ANSWER if self._awaited else math.inf
            if isinstance(message, Exception):
                message = ResponseError(str(message))
            yield message, about

    def _feed(self) -> None:
        while True:
            try:
                piece = self.socket.recv(_PIECE)
            except _NOTHING_YET:
                return
            if not piece:
                raise ConnectionError("the server has closed the connection")
            self._reader.feed(piece)

    def close(self) -> None:
        """Close the connection."""
        self.live = set()
        with suppress(RedisError, OSError):
            self._connection.disconnect()
