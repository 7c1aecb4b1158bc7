"""One attempt at a command: over a connection of a pool, or to the right node of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol
from weakref import finalize

from redis.exceptions import ResponseError, TimeoutError

from graflow.channels.effort import BROKEN, Effort, NotExecuted
from graflow.channels.failures import code_of

__all__ = ["Acquaintance", "ClientSender", "Part", "PoolSender", "PrimarySender", "Sender"]

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
    """Makes one attempt at a command; whether there is another one, others decide."""

    @property
    def acquaintance(self) -> Acquaintance:
        """What is known of the server that gets the next command."""

    def send(self, command: Sequence[Part], effort: Effort | None) -> Any:
        """Send the command and return the reply, texts as bytes.

        Args:
            command: The command.
            effort: `None` for the first attempt; then what is known of those before: `failure`
                is what the latest raised, `left` the seconds to wait for a reply.

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

    def __init__(self, pool: Any) -> None:
        """Use `pool` alone; its connections must not retry by themselves."""
        self.acquaintance = Acquaintance()
        self._pool = pool
        finalize(self, pool.disconnect).atexit = False  # the pool itself is in a cycle
        self._patience: float = pool.connection_kwargs["socket_timeout"]

    def send(self, command: Sequence[Part], effort: Effort | None, *, asking: bool = False) -> Any:
        """Send the command; with `asking`, to a node of a cluster that is yet to get its key."""
        try:
            connection = self._pool.get_connection()
        except BROKEN as error:
            raise NotExecuted from error
        try:
            if asking:
                connection.send_command("ASKING")
                connection.read_response()
            connection.send_command(*command)
            if effort is not None and not connection.can_read(self._wait(effort)):
                raise TimeoutError("no reply in time")
            return connection.read_response(disable_decoding=True)
        except ResponseError:
            raise
        except BaseException:
            connection.disconnect()  # a reply may still come; the next user must not read it
            raise
        finally:
            self._pool.release(connection)

    def _wait(self, effort: Effort) -> float:
        return min(effort.left, self._patience)


class PrimarySender(PoolSender):
    """Sends commands to the primary that Sentinels name, whichever it is at present."""

    def send(self, command: Sequence[Part], effort: Effort | None, *, asking: bool = False) -> Any:
        """Send the command; where the server before broke down, ask for its successor first."""
        if effort is not None:
            self._pool.disconnect(inuse_connections=False)
        try:
            return super().send(command, effort, asking=asking)
        except ResponseError as error:
            if code_of(error) == "READONLY":
                raise NotExecuted from error  # a former primary, which is a replica now
            raise


class ClientSender:
    """Sends commands through a client of which nothing is known but `execute_command`."""

    def __init__(self, client: Any) -> None:
        """Use `client` as it is."""
        self.acquaintance = Acquaintance()
        self._client = client

    def send(self, command: Sequence[Part], effort: Effort | None) -> Any:
        """Send the command; the client has timeouts and retries of its own."""
        return self._client.execute_command(*command, NEVER_DECODE=True)
