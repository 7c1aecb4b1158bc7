"""Pipelined connections: commands of many coroutines, answered in the order of sending."""

from __future__ import annotations

import asyncio
import math
import os
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from redis.exceptions import ConnectionError, RedisError, TimeoutError

from graflow.channels.redis.retrying import NotExecuted
from graflow.channels.redis.wire import CLOSED, MORE, PUSH, new_reader
from graflow.system.clock import monotonic

__all__ = ["Pipeline", "Question"]

_AT_ONCE: Final = 65_536  # bytes of commands that are written together
_SLICE: Final = 262_144  # bytes of a long command that are written at a time


class Question:
    """A command that was handed in, and the reply to it.

    Attributes:
        future: Gets the reply, or the exception that comes in its place.
        data: The command, or what is left of it when a part is written; nothing once all of it is.
        asked_at: When it was handed in, on the clock of `time.monotonic`.
        due: When it must be answered, on the same clock. What had to wait until the loop came to
            write it is due later by as much.
        left: How many replies are to come, of which the last one counts.
        is_withdrawn: Whether it must not be written any more.
    """

    __slots__ = ("_outcome", "asked_at", "data", "due", "future", "is_withdrawn", "left")

    def __init__(
        self, future: asyncio.Future[Any], data: bytes, asked_at: float, due: float, left: int
    ) -> None:
        """Wait for a reply."""
        self.future = future
        self.data: bytes | memoryview = data
        self.asked_at = asked_at
        self.due = due
        self.left = left
        self.is_withdrawn = False
        self._outcome: Any = MORE

    def withdraw(self) -> bool:
        """Do not be sent, unless a part is written already; tell whether that is so."""
        if type(self.data) is bytes and self.data:
            self.is_withdrawn = True
        return self.is_withdrawn

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
        if self._outcome is not MORE:
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
        self._replies = new_reader()
        self._outgoing: deque[Question] = deque()
        self._asked: deque[Question] = deque()
        self._is_paused = self._will_write = self._is_over = self._has_looked = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = math.inf
        self._transport.set_protocol(self)

    # What is sent

    def ask(self, data: bytes, now: float, due: float, replies: int = 1) -> Question:
        """Send a command: at once if nothing else is under way, or else with others.

        Args:
            data: One command, or several that go together.
            now: The time, on the clock of `time.monotonic`.
            due: When it must be answered, on the same clock.
            replies: How many commands it is; the reply to the last one counts.
        """
        question = Question(self._loop.create_future(), data, now, due, replies)
        if due < self._alarm_at:
            self._set_alarm(due)
        self._outgoing.append(question)
        if self._asked:
            self._write_soon()
        elif not self._will_write:
            self._write()
        return question

    def _write_soon(self) -> None:
        """Write what is asked until then, all of it together."""
        if not self._will_write:
            self._will_write = True
            self._loop.call_soon(self._write_now)

    def _write_now(self) -> None:
        self._will_write = False
        self._write()

    def _write(self) -> None:
        asked, outgoing = self._asked, self._outgoing
        while outgoing or (asked and asked[-1].data):
            if self._is_paused or self._is_over or self._transport.is_closing():
                return
            if piece := self._next_piece():
                self._transport.write(piece)
        if not self.is_open:
            self._close_if_idle()

    def _next_piece(self) -> bytes | memoryview:
        """Return as much as is written at once, which is nothing if all was withdrawn."""
        asked, outgoing = self._asked, self._outgoing
        if asked and asked[-1].data:
            return self._slice_of(asked[-1])
        pieces: list[bytes | memoryview] = []
        size, now = 0, monotonic()
        while outgoing and size < _AT_ONCE:
            question = outgoing[0]
            data = question.data
            is_long = len(data) > _SLICE
            if is_long and pieces:
                break
            outgoing.popleft()
            if question.is_withdrawn:
                continue
            asked.append(question)
            question.due += now - question.asked_at
            if is_long:
                question.data = memoryview(data)
                return self._slice_of(question)
            question.data = b""
            pieces.append(data)
            size += len(data)
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
        waiting = len(self._asked)
        try:
            self._replies.feed(data)
            self._receive_all()
        except RedisError as error:  # no protocol that we know
            self.end(error)
        if not self.is_open:
            self._close_if_idle()
        elif len(self._asked) < waiting - 1:  # several go on now, and may all ask again
            self._write_soon()

    def _receive_all(self) -> None:
        asked, next_reply = self._asked, self._replies.gets
        while (reply := next_reply(False)) is not MORE:
            if type(reply) is PUSH:
                continue
            if not asked:
                raise ConnectionError(f"the server sends what nobody asked for: {reply!r:.100}")
            question = asked[0]
            question.left -= 1
            if question.left:
                continue
            asked.popleft()
            question.settle(reply)
            if isinstance(reply, Exception):
                self._look_into(reply, question)

    def _look_into(self, refusal: Exception, question: Question) -> None:
        if question.data:  # refused before it was read to its end, as nothing will be after it
            self.end(ConnectionError(CLOSED))
        elif type(refusal) is ConnectionError:  # too many clients, say
            self.end(refusal)

    # The end

    def retire(self) -> None:
        """Take no more commands, and close when all that there are have been answered."""
        self.is_open = False
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if not (self.is_open or self._asked or self._outgoing):
            self.end(ConnectionError(CLOSED))

    def end(self, error: Exception) -> None:
        """Close at once. Whoever waits is told, and whether all of the command was written.

        Args:
            error: What those are told whose command was.
        """
        if self._is_over:
            return
        self.is_open, self._is_over = False, True
        self._stop_alarm()
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
            self.end(ConnectionError(CLOSED))
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
        self._stop_alarm()
        self._alarm_at = due
        self._alarm = self._loop.call_later(max(0.0, due - monotonic()), self._look_at_the_time)

    def _stop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look_at_the_time(self) -> None:
        if self._is_over:
            return
        self._alarm, self._alarm_at = None, math.inf
        due = min((each.due for each in self._waiting()), default=math.inf)
        if due > monotonic():
            self._has_looked = False
            if due < math.inf:
                self._set_alarm(due)
        elif self._has_looked:
            self.end(TimeoutError("Timeout reading from socket"))
        else:  # what came while the loop was busy is read in the turn after the next
            self._has_looked = True
            self._alarm_at = -math.inf  # whoever asks until then sets none
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
