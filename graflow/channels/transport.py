"""Commands to a Redis server, sent until they are answered or the time is up."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any, Protocol

from redis.connection import ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,
    NoScriptError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from graflow.channels.failures import outcome_unknown, translate, unavailable
from graflow.channels.identity import Slot, free_slots
from graflow.channels.scripts import Script
from graflow.exceptions import ChannelUnavailableError

__all__ = ["ClosedTransport", "Part", "Transport"]

Part = str | bytes | int
"""A part of a command."""

_FIRST_PAUSE = 0.01  # seconds between two attempts, doubled up to the longest
_LONGEST_PAUSE = 0.5
_BROKEN = (ConnectionError, TimeoutError, OSError)
_FINAL = (AuthenticationError, AuthorizationError)
_NOT_EXECUTED = (*_FINAL, BusyLoadingError)


class Unsent(Exception):
    """No connection could be had, so the command was not sent; its cause says why."""


class Sender(Protocol):
    """Sends one command once."""

    def send(self, command: Sequence[Part]) -> Any:
        """Send the command and return the reply, texts as bytes.

        Raises:
            Unsent: No connection could be had.
            redis.exceptions.RedisError, OSError: The connection broke, or the server refused.
        """


class PoolSender:
    """Sends commands over the connections of a client's pool.

    It does the work of redis-py's `execute_command` without its retries, which would repeat a
    command behind our back, and without its decoding, so that a client made with
    `decode_responses=True` serves as well.
    """

    def __init__(self, client: Any) -> None:
        self._pool = client.connection_pool

    def send(self, command: Sequence[Part]) -> Any:
        try:
            connection = self._pool.get_connection()
        except _BROKEN as error:
            raise Unsent from error
        try:
            connection.send_command(*command)
            return connection.read_response(disable_decoding=True)
        except ResponseError:
            raise
        except BaseException:
            connection.disconnect()  # a reply may still come; the next user must not read it
            raise
        finally:
            self._pool.release(connection)


class ClientSender:
    """Sends commands through the client itself, which knows the node of a cluster to ask."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, command: Sequence[Part]) -> Any:
        return self._client.execute_command(*command, NEVER_DECODE=True)


def _sender(client: Any) -> Sender:
    has_pool = isinstance(getattr(client, "connection_pool", None), ConnectionPool)
    return PoolSender(client) if has_pool and client.connection is None else ClientSender(client)


class Transport:
    """Sends commands again and again, if need be, until one is answered or the time is up.

    Attributes:
        server: The server's address, without credentials.
    """

    def __init__(self, client: Any, server: str, timeout: float) -> None:
        """Send the commands through `client`.

        Args:
            client: A client of redis-py.
            server: The server's address, without credentials.
            timeout: Seconds that a command may take, all attempts together, > 0.
        """
        self.server = server
        self._sender = _sender(client)
        self._timeout = timeout

    def read(self, *command: Part) -> Any:
        """Send a command that changes nothing."""
        return self._answer(command, writes=False)[0]

    def run(
        self, script: Script, keys: Sequence[bytes], args: Sequence[Part], *, writes: bool
    ) -> Any:
        """Run a script that may run twice without harm."""
        return self._answer(_evaluate(script, keys, args), writes, script)[0]

    def run_once(
        self, script: Script, keys: Sequence[bytes], slots: bytes, args: Sequence[Part]
    ) -> Any:
        """Run a script that must have its effect once, however often it is sent.

        Args:
            script: It takes a slot as its last key and a token as its first argument.
            keys: Its other keys.
            slots: What stands before the name of a slot in its key.
            args: Its other arguments.
        """
        try:
            slot = free_slots.pop()
        except IndexError:
            slot = Slot()
        command = _evaluate(script, (*keys, slots + slot.name), (slot.next_token(), *args))
        reply, at_once = self._answer(command, True, script)
        if at_once:
            free_slots.append(slot)
        return reply

    def _answer(
        self, command: Sequence[Part], writes: bool, script: Script | None = None
    ) -> tuple[Any, bool]:
        """Return the reply, and whether the first attempt brought it."""
        deadline = time.monotonic() + self._timeout
        pause, attempts, sent = _FIRST_PAUSE, 0, False
        while True:
            attempts += 1
            try:
                return self._send(command, script), attempts == 1
            except Unsent as unsent:
                cause = unsent.__cause__
            except _NOT_EXECUTED as error:
                cause = error
            except _BROKEN as error:
                cause, sent = error, True
            except RedisError as error:
                raise translate(error, self.server) from error
            if isinstance(cause, _FINAL) or time.monotonic() + pause > deadline:
                broken = outcome_unknown if sent and writes else unavailable
                raise broken(cause, self.server, attempts) from cause
            time.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _send(self, command: Sequence[Part], script: Script | None) -> Any:
        try:
            return self._sender.send(command)
        except NoScriptError:
            if script is None:
                raise
            return self._sender.send(("EVAL", script.source, *command[2:]))


class ClosedTransport(Transport):
    """Sends nothing: its channel was closed."""

    def _answer(
        self, command: Sequence[Part], writes: bool, script: Script | None = None
    ) -> tuple[Any, bool]:
        raise ChannelUnavailableError("this handle on the channel is closed; open another one")


def _evaluate(script: Script, keys: Sequence[bytes], args: Sequence[Part]) -> Sequence[Part]:
    return ("EVALSHA", script.sha, len(keys), *keys, *args)
