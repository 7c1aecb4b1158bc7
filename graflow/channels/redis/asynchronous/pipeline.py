"""Pipelined connections: commands of many coroutines, answered in the order of sending."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from redis.connection import DefaultParser
from redis.exceptions import ConnectionError, InvalidResponse, RedisError, TimeoutError

from graflow.channels.redis.retrying import NotExecuted
from graflow.channels.redis.wire import hiredis
from graflow.system.clock import monotonic

__all__ = ["Pipeline", "Question"]

_MORE: Final = object()  # the rest of a reply is still to come
_PUSH: Final = getattr(hiredis, "PushNotification", ())  # says what nobody asked
_AT_ONCE: Final = 65_536  # bytes of commands that are written together
_SLICE: Final = 262_144  # bytes of a long command that are written at a time
_CLOSED: Final = "Connection closed by server."


class Question:
    """A command that was handed in, and the reply to it.

    Attributes:
        future: Gets the reply, or the exception that comes in its place.
        data: The command as it is written; nothing once all of it is.
        due: When it must be answered, on the clock of `time.monotonic`. What had to wait until the
            loop came to write it is due later by as much.
        left: How many replies are to come, of which the last one counts.
        has_begun: Whether a part of it is written, so that the rest has to be.
        is_withdrawn: Whether it must not be written any more.
    """

    __slots__ = (
        *("_asked_at", "_outcome", "data", "due", "future", "has_begun"),
        *("is_withdrawn", "left"),
    )

    def __init__(
        self, future: asyncio.Future[Any], data: bytes | memoryview, due: float, left: int
    ) -> None:
        """Wait for a reply."""
        self.future, self.data, self.due, self.left = future, data, due, left
        self.has_begun = self.is_withdrawn = False
        self._asked_at = monotonic()
        self._outcome: Any = _MORE

    def begin(self) -> None:
        """Be written from now on."""
        self.has_begun = True
        self.due += monotonic() - self._asked_at

    def settle(self, outcome: Any) -> None:
        """Take the reply, or an exception, even where nobody waits at the moment."""
        future = self.future
        if future.done():  # it was cancelled
            self._outcome = outcome
        elif isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def wait_again(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have a new future, after somebody was cancelled who awaited the one before."""
        if not self.future.cancelled():
            return
        self.future = loop.create_future()
        if self._outcome is not _MORE:
            self.settle(self._outcome)


class Pipeline(asyncio.Protocol):
    """A connection that is shaken hands on, over which all coroutines of a loop send.

    A command that is not answered in time breaks it: of what came after that nobody can tell
    which replies are whose.

    Attributes:
        is_open: Whether it takes commands.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter) -> None:
        """Take a connection over.

        Args:
            loop: The running one.
            writer: Of the connection. There is nothing to read on it at present.
        """
        self.is_open = True
        self._loop = loop
        self._writer = writer  # it would close the connection if it went
        self._transport = writer.transport
        self._replies = hiredis.Reader(
            protocolError=InvalidResponse, replyError=DefaultParser.parse_error, notEnoughData=_MORE
        )
        self._outgoing: deque[Question] = deque()
        self._asked: deque[Question] = deque()
        self._is_paused = self._will_write = self._is_over = self._has_looked = False
        self._alarm: asyncio.TimerHandle | None = None
        self._transport.set_protocol(self)

    # What is sent

    def ask(self, data: bytes, due: float, replies: int = 1) -> Question:
        """Send a command, at once if nothing else is under way.

        Args:
            data: One command, or several that go together.
            due: When it must be answered, on the clock of `time.monotonic`.
            replies: How many commands it is; the reply to the last one counts.
        """
        question = Question(self._loop.create_future(), data, due, replies)
        if self._alarm is None:
            self._set_alarm(due)
        elif due < self._alarm_at:
            self._alarm.cancel()
            self._set_alarm(due)
        self._outgoing.append(question)
        if not self._asked:
            self._write()
        elif not self._will_write:  # with what others send at the same time
            self._will_write = True
            self._loop.call_soon(self._write)
        return question

    def withdraw(self, question: Question) -> bool:
        """Do not send what is not begun; tell whether that is so."""
        if not question.has_begun:
            question.is_withdrawn = True
        return question.is_withdrawn

    def _write(self) -> None:
        self._will_write = False
        while not (self._is_paused or self._is_over or self._transport.is_closing()):
            piece = self._next_piece()
            if not piece:
                self._close_if_idle()
                return
            self._transport.write(piece)

    def _next_piece(self) -> bytes | memoryview:
        """Return as much as is written at once, which is nothing if all is written."""
        asked, outgoing = self._asked, self._outgoing
        if asked and asked[-1].data:
            return self._slice_of(asked[-1])
        pieces: list[bytes | memoryview] = []
        size = 0
        while outgoing and size < _AT_ONCE:
            question = outgoing[0]
            if question.is_withdrawn:
                outgoing.popleft()
                continue
            if len(question.data) > _SLICE:
                if pieces:
                    break
                asked.append(outgoing.popleft())
                question.begin()
                question.data = memoryview(question.data)
                return self._slice_of(question)
            asked.append(outgoing.popleft())
            question.begin()
            pieces.append(question.data)
            size += len(question.data)
            question.data = b""
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _slice_of(self, question: Question) -> bytes | memoryview:
        piece, question.data = question.data[:_SLICE], question.data[_SLICE:]
        return piece

    def pause_writing(self) -> None:
        """Write nothing while the other side does not keep up."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._is_paused = False
        self._write()

    # What is received

    def data_received(self, data: bytes) -> None:
        """Give the replies to those who asked."""
        replies = self._replies
        try:
            replies.feed(data)
            while (reply := replies.gets(False)) is not _MORE:
                self._receive(reply)
        except RedisError as error:  # no protocol that we know
            self.end(error)

    def _receive(self, reply: Any) -> None:
        if _PUSH and isinstance(reply, _PUSH):
            return
        if not self._asked:
            raise ConnectionError(f"the server sends what nobody asked for: {reply!r:.100}")
        question = self._asked[0]
        question.left -= 1
        if question.left:
            return
        self._asked.popleft()
        question.settle(reply)
        if question.data:  # refused before it was read to its end, as nothing will be after it
            self.end(ConnectionError(_CLOSED))
        elif type(reply) is ConnectionError:  # too many clients, say
            self.end(reply)
        elif not self.is_open:
            self._close_if_idle()

    # The end

    def retire(self) -> None:
        """Take no more commands, and close when all that there are have been answered."""
        self.is_open = False
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if not (self.is_open or self._asked or self._outgoing):
            self.end(ConnectionError(_CLOSED))

    def end(self, error: Exception) -> None:
        """Close at once. Whoever waits is told, and whether all of the command was written.

        Args:
            error: What those are told whose command was.
        """
        if self._is_over:
            return
        self.is_open, self._is_over = False, True
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._transport.abort()
        while self._asked:
            question = self._asked.popleft()
            question.settle(_not_executed(error) if question.data else _copied(error))
        while self._outgoing:
            self._outgoing.popleft().settle(_not_executed(error))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        if exc is not None and self._asked:
            self._hear_last_words()
        if exc is None:
            self.end(ConnectionError(_CLOSED))
        else:
            self.end(ConnectionError(f"Error while reading from socket: {exc.args}"))

    def _hear_last_words(self) -> None:
        """Read what the server said before it broke the connection, if nobody has read it.

        A loop that finds that it can't write reads no more.
        """
        raw = self._transport.get_extra_info("socket")
        if raw is None or self._transport.get_extra_info("ssl_object") is not None:
            return
        with suppress(OSError), socket.socket(fileno=os.dup(raw.fileno())) as sock:
            sock.setblocking(False)
            self.data_received(sock.recv(_AT_ONCE))

    # Time

    def _set_alarm(self, due: float) -> None:
        self._alarm_at = due
        self._has_looked = False
        self._alarm = self._loop.call_later(max(0.0, due - monotonic()), self._look_at_the_time)

    def _look_at_the_time(self) -> None:
        if self._is_over:
            return
        self._alarm = None
        due = min((each.due for each in self._waiting()), default=None)
        if due is None:
            return
        if due > monotonic():
            self._set_alarm(due)
        elif self._has_looked:
            self.end(TimeoutError("Timeout reading from socket"))
        else:  # what came while the loop was busy is read in the turn after the next
            self._has_looked = True
            self._loop.call_soon(self._loop.call_soon, self._look_at_the_time)

    def _waiting(self) -> Iterator[Question]:
        yield from self._asked
        yield from (each for each in self._outgoing if not each.is_withdrawn)


def _copied(error: Exception) -> Exception:
    """Return an exception for one of many, each of whom gives it a traceback."""
    return type(error)(*error.args)


def _not_executed(error: Exception) -> NotExecuted:
    refused = NotExecuted()
    refused.__cause__ = _copied(error)
    return refused
