"""Exchanges of commands for replies, on connections that redis-py has made."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol
from weakref import finalize

import redis
from redis.connection import DefaultParser, HiredisRespSerializer
from redis.credentials import StreamingCredentialProvider
from redis.exceptions import ConnectionError, InvalidResponse, TimeoutError
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

from graflow.channels.redis.connections.deadlines import BoundedSocket, operation
from graflow.channels.redis.connections.sockets import last_refusal, timely
from graflow.channels.redis.retrying import BROKEN, NotExecuted
from graflow.channels.redis.sending.requests import Part
from graflow.channels.redis.wire import CLOSED, MORE, PUSH, new_reader, pack

__all__ = ["ByRedisPy", "Exchange", "OnSocket", "Release", "exchange_on"]

Release = Callable[[Any], None]
"""A function that gives a connection of redis-py back to its pool."""

_KINDS: Final = frozenset(
    {
        *(redis.Connection, redis.SSLConnection, redis.UnixDomainSocketConnection),
        *(SentinelManagedConnection, SentinelManagedSSLConnection),
    }
)
"""Classes of redis-py's connections, all of which send and read alike."""

_AT_ONCE: Final = 16_384  # bytes that are copied; a longer text is sent from, and put in, its place
_TEXT: Final = ord("$")  # a reply that is one begins so, with its length
_END: Final = b"\r\n"
_NOTHING: Final = b"$0\r\n\r\n"  # an empty text
_LONGEST_HEAD: Final = 32  # bytes; a text's length and what is around it


class Exchange(Protocol):
    """A connection, on which one command is sent at a time.

    Attributes:
        connection: As redis-py has made it.
        can_stay: Whether it may be kept away from its pool while nobody uses it.
    """

    connection: Any
    can_stay: bool

    def is_quiet(self) -> bool:
        """Tell whether the connection stands, and nothing is to be read on it."""

    def give_up(self) -> object:
        """Close the connection, and let its pool make another."""

    def ask(self, command: Sequence[Part], deadline: float) -> Any:
        """Send a command, and return the reply, texts as bytes.

        Args:
            command: The command.
            deadline: When the reply must be there, on the clock of `time.monotonic`.

        Raises:
            NotExecuted: Not all of it could be sent.
            ResponseError: The server refused it.
            ConnectionError, TimeoutError, OSError: There was no reply. The connection is of no
                use any more, nor is it after anything else that is raised.
        """


def exchange_on(connection: Any, release: Release) -> Exchange:
    """Return the fastest way to use a connection that is shaken hands on.

    redis-py itself does it where there is more to do than to send and to read: with a connection
    class, a parser, or a way to write commands, of one's own, with health checks, or with
    credentials that change. And where there is no hiredis.

    Args:
        connection: Nobody else uses it.
        release: Gives it back to its pool.
    """
    wrapped = getattr(connection, "_sock", None)
    if (
        pack is None
        or type(wrapped) is not BoundedSocket
        or type(connection).__bases__[-1] not in _KINDS
        or type(connection._parser) is not DefaultParser
        or type(connection._command_packer) is not HiredisRespSerializer
        or connection.health_check_interval
        or isinstance(connection.credential_provider, StreamingCredentialProvider)
    ):
        return ByRedisPy(connection, release)
    return OnSocket(connection, release, wrapped.raw, wrapped.limit)


class ByRedisPy:
    """An exchange for which redis-py writes and reads."""

    __slots__ = ("_release", "connection")

    can_stay = False  # its pool may have to do something with it after each command

    def __init__(self, connection: Any, release: Release) -> None:
        """Use a connection; see `exchange_on`."""
        self.connection, self._release = connection, release

    def is_quiet(self) -> bool:
        """Trust the pool, which has looked."""
        return True

    def give_up(self) -> None:
        """Close the connection; see `Exchange`."""
        _end(self.connection, self._release)

    def ask(self, command: Sequence[Part], deadline: float) -> Any:
        """Exchange a command for its reply; see `Exchange`."""
        before, operation.deadline = operation.deadline, deadline
        try:
            try:
                self.connection.send_command(*command)
            except BROKEN as error:
                raise NotExecuted from error  # no server has the whole of it
            return self.connection.read_response(disable_decoding=True)
        finally:
            operation.deadline = before


class OnSocket:
    """An exchange on the socket itself, with hiredis to write and to read.

    It gives itself up when nobody has it any more, as after an interrupt at the wrong moment.
    """

    __slots__ = (
        *("__weakref__", "_buffer", "_reader", "_receive", "_send", "_sock"),
        *("connection", "give_up"),
    )

    can_stay = True

    def __init__(self, connection: Any, release: Release, sock: Any, limit: float) -> None:
        """Use a connection.

        Args:
            connection: It does no more than to be closed from now on.
            release: Gives it back to its pool.
            sock: Its socket.
            limit: Seconds that one wait for the server may take.
        """
        self.connection = connection
        self.give_up = finalize(self, _end, connection, release)
        self.give_up.atexit = False
        self._sock = timely(sock, limit)
        self._send, self._receive = self._sock.send_all, self._sock.receive_into
        self._reader = new_reader()
        self._buffer = bytearray(_AT_ONCE)

    def is_quiet(self) -> bool:
        """Tell whether the connection stands, and nothing is to be read on it."""
        try:
            return self._sock.is_quiet() and not self._reader.has_data()
        except (OSError, ValueError):  # it was closed, by a pool that is done with it
            return False

    def ask(self, command: Sequence[Part], deadline: float) -> Any:
        """Exchange a command for its reply; see `Exchange`."""
        buffer, reader, last = self._buffer, self._reader, command[-1]
        try:
            if type(last) is bytes and len(last) > _AT_ONCE:
                self._send_long(command, last, deadline)
            else:
                self._send(pack(command), deadline)
        except OSError as error:
            raise self._unsent(error) from error
        try:
            count = self._receive(buffer, deadline)
            reader.feed(buffer, 0, count)
            reply = reader.gets(False)
            if reply is MORE or type(reply) is PUSH:
                reply = self._rest(reply, count, deadline)
        except OSError as error:
            raise self._broken(error) from error
        if isinstance(reply, Exception):
            try:
                raise reply
            finally:
                del reply  # its traceback leads here
        return reply

    def _send_long(self, command: Sequence[Part], last: bytes, deadline: float) -> None:
        """Send a command whose last part is too long to be copied."""
        packed = pack((*command[:-1], b""))
        start = packed[: -len(_NOTHING)] + b"$%d\r\n" % len(last)
        for piece in (start, last, _END):
            self._send(piece, deadline)

    def _unsent(self, error: OSError) -> Exception:
        """Return what it means that not all of a command could be sent."""
        if isinstance(error, builtins.TimeoutError):
            cause: Exception = TimeoutError("Timeout writing to socket")
        elif (refusal := last_refusal(self._sock)) is not None:
            return refusal
        else:
            cause = ConnectionError(f"Error while writing to socket: {error.args}")
        refused = NotExecuted()
        refused.__cause__ = cause
        return refused

    def _broken(self, error: OSError) -> Exception:
        """Return what it means that no reply could be read."""
        if isinstance(error, builtins.TimeoutError):
            return TimeoutError(f"Timeout reading from {self._address}")
        return ConnectionError(f"Error while reading from {self._address} : {error.args}")

    def _rest(self, reply: Any, count: int, deadline: float) -> Any:
        """Return the reply of which the first `count` bytes are in the buffer."""
        buffer, reader = self._buffer, self._reader
        if reply is MORE and (size := _size_of_text(buffer, count)) > _AT_ONCE:
            self._reader = new_reader()  # the one before has the beginning
            return self._long_text(size, count, deadline)
        while reply is MORE or type(reply) is PUSH:
            if reply is MORE:
                if not count:
                    raise ConnectionError(CLOSED)
                count = self._receive(buffer, deadline)
                reader.feed(buffer, 0, count)
            reply = reader.gets(False)
        return reply

    def _long_text(self, size: int, count: int, deadline: float) -> bytes:
        """Return a text of so many bytes, which is received into its place and copied once."""
        first = self._buffer.index(_END) + len(_END)
        whole = memoryview(bytearray(size + len(_END)))
        done = count - first
        whole[:done] = memoryview(self._buffer)[first:count]
        while done < len(whole):
            received = self._receive(whole[done:], deadline)
            if not received:
                raise ConnectionError(CLOSED)
            done += received
        if bytes(whole[size:]) != _END:
            raise InvalidResponse("a text is not as long as the server says")
        return bytes(whole[:size])

    @property
    def _address(self) -> str:
        text: str = self.connection._host_error()
        return text


def _end(connection: Any, release: Release) -> None:
    """Close a connection and give it back, unless it is that of a forked process's parent."""
    if connection.pid != os.getpid():
        return
    try:
        connection.disconnect()
    finally:
        release(connection)


def _size_of_text(buffer: bytearray, count: int) -> int:
    """Return how long the text is with which a reply begins, or -1 if it begins with none."""
    end = buffer.find(_END, 0, min(count, _LONGEST_HEAD))
    if end < 0 or buffer[0] != _TEXT:
        return -1
    return int(buffer[1:end])
