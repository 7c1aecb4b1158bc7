"""One attempt at a command: over a connection of a pool, or to the right node of a cluster."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, ClassVar, Protocol
from weakref import WeakSet, finalize

import redis
from redis.exceptions import ConnectionError, ResponseError

from graflow.channels.redis.errors import (
    REDIRECTIONS,
    NodeError,
    TooLongError,
    code_of,
    is_too_long,
)
from graflow.channels.redis.retrying import BROKEN, Effort, NotExecuted
from graflow.exceptions import ChannelTypeError

__all__ = [
    "Acquaintance",
    "ClientSender",
    "Part",
    "PoolSender",
    "PrimarySender",
    "Sender",
    "ServerSender",
]

Part = str | bytes | int
"""A part of a command."""


class Acquaintance:
    """A server that was looked at, so that it is known whether it keeps what it is given.

    Attributes:
        ends: When to look again, on the clock of `time.monotonic`.
    """

    __slots__ = ("ends",)

    def __init__(self) -> None:
        """Know nothing."""
        self.ends = 0.0


class Sender(Protocol):
    """Makes one attempt at a command; whether there is another one, others decide.

    Attributes:
        repeats: Whether it may send a command more than once for all that.
    """

    repeats: ClassVar[bool]

    @property
    def acquaintance(self) -> Acquaintance:
        """What is known of the server that gets the next command."""

    def send(self, command: Sequence[Part], effort: Effort | None) -> Any:
        """Send the command and return the reply, texts as bytes.

        Args:
            command: The command.
            effort: `None` for the first attempt; then what is known of those before: `failure`
                is what the latest raised.

        Raises:
            NotExecuted: The command was not sent, or not to a server that would execute it.
            redis.exceptions.RedisError, OSError: The connection broke, or the server refused.
        """


class PoolSender:
    """Sends commands over the connections of a pool.

    It does the work of redis-py's `execute_command` without its retries, which would repeat a
    command behind our back, and without its decoding. The connections are closed with the last
    reference to the sender.
    """

    repeats: ClassVar[bool] = False

    def __init__(self, make_pools: Callable[[], Sequence[Any]]) -> None:
        """Use pools of our own.

        Args:
            make_pools: Makes the pool to send over, and after it those that it needs itself.
                Their connections must not retry by themselves. Another process that is forked
                from this one gets new ones: of the old a thread may hold the locks that is not
                there any more.
        """
        self.acquaintance = Acquaintance()
        self._make_pools = make_pools
        self._open()
        _pool_senders.add(self)

    def _open(self) -> None:
        pools = self._make_pools()
        self._pool = pools[0]
        # With a reference to each pool, as the pools themselves are in cycles.
        self._closing = [finalize(self, pool.disconnect) for pool in pools]
        for closing in self._closing:
            closing.atexit = False

    def start_anew(self) -> None:
        """Leave the pools of a forked process's parent without a touch, and make others."""
        for closing in self._closing:
            closing.detach()
        self._open()

    def send(self, command: Sequence[Part], effort: Effort | None, *, asking: bool = False) -> Any:
        """Send the command; with `asking`, to a node of a cluster that is yet to get its key."""
        try:
            connection = self._pool.get_connection()
        except BROKEN as error:
            raise NotExecuted from error
        if self._may_be_another_server(connection) and effort is None:
            self._pool.release(connection)
            raise NotExecuted from ConnectionError("the connection had broken")
        try:
            try:
                if asking:
                    connection.send_command("ASKING")
                    connection.read_response()
                connection.send_command(*command)
            except BROKEN as error:
                raise NotExecuted from error  # no server has the whole of it
            return connection.read_response(disable_decoding=True)
        except ResponseError as error:
            self._look_into(error, command)
            raise
        except BaseException:
            connection.disconnect()  # a reply may still come; the next user must not read it
            raise
        finally:
            self._pool.release(connection)

    def _may_be_another_server(self, connection: Any) -> bool:
        """Tell whether a connection had broken, and who uses it relies on a look before that.

        Of a second attempt that is no news: it is made after a look.
        """
        if not getattr(connection, "is_back", False):
            return False
        connection.is_back = False
        relied, self.acquaintance.ends = self.acquaintance.ends > monotonic(), 0.0
        return relied

    def _look_into(self, error: ResponseError, command: Sequence[Part]) -> None:
        """Raise what a refusal of the server says about the command or the server."""
        if is_too_long(error):
            raise TooLongError(command) from error


class PrimarySender(PoolSender):
    """Sends commands to the primary that Sentinels name, whichever it is at present."""

    def send(self, command: Sequence[Part], effort: Effort | None, *, asking: bool = False) -> Any:
        """Send the command; where the server before broke down, ask for its successor first."""
        if effort is not None:
            self._pool.disconnect(inuse_connections=False)
        return super().send(command, effort, asking=asking)

    def _look_into(self, error: ResponseError, command: Sequence[Part]) -> None:
        if code_of(error) == "READONLY":
            raise NotExecuted from error  # a former primary, which is a replica now
        super()._look_into(error, command)


class ServerSender(PoolSender):
    """Sends commands to the one server that a pool connects to."""

    def _look_into(self, error: ResponseError, command: Sequence[Part]) -> None:
        if code_of(error) in REDIRECTIONS:
            raise NodeError(str(error)) from error
        super()._look_into(error, command)


class ClientSender:
    """A sender of commands through a client, of which only `execute_command` is used.

    The client has timeouts of its own, and may send a command again behind our back.
    """

    repeats: ClassVar[bool] = True

    def __init__(self, client: Any) -> None:
        """Use `client` as it is."""
        self.acquaintance = Acquaintance()
        self._client = client
        self._process = os.getpid()

    def send(self, command: Sequence[Part], effort: Effort | None) -> Any:
        """Send the command.

        Raises:
            ChannelTypeError: The process was forked from the one that made the client, and so
                may have its locks from threads that are not here to free them.
        """
        if os.getpid() != self._process:
            raise ChannelTypeError(
                f"a {type(self._client).__name__} with a pool or methods of its own can't be used "
                "in a process that was forked after it was made; make the client and the channel "
                "there, or make the channel from a URL"
            )
        try:
            return self._client.execute_command(*command, NEVER_DECODE=True)
        except ResponseError as error:
            if code_of(error) in REDIRECTIONS:
                raise NodeError(str(error)) from error
            if is_too_long(error):
                raise TooLongError(command) from error
            raise


def _start_anew() -> None:
    """Give a forked process pools of its own, before it can wait for a lock of its parent's."""
    for sender in list(_pool_senders):
        sender.start_anew()


_pool_senders: WeakSet[PoolSender] = WeakSet()

# What a first connection imports is imported now: a child that is forked while a thread of its
# parent imports something can't import that any more.
redis.Connection()  # type: ignore[no-untyped-call]
codecs.lookup("idna")

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
