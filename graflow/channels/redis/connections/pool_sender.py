"""One attempt at a command, over a connection of a pool that a thread has to itself meanwhile."""

from __future__ import annotations

import codecs
import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, ClassVar
from weakref import WeakSet, finalize

import redis
from redis.exceptions import ConnectionError, ResponseError
from typing_extensions import override

from graflow.channels.redis.connections.deadlines import operation
from graflow.channels.redis.connections.exchange import Exchange, exchange_on
from graflow.channels.redis.refusals import refused, refused_by_primary
from graflow.channels.redis.retrying import BROKEN, Effort, NotExecuted
from graflow.channels.redis.sending.requests import Acquaintance, Attempt, Part

__all__ = ["PoolSender", "PrimarySender"]


class PoolSender:
    """Sends commands over the connections of a pool.

    It does the work of redis-py's `execute_command` without its retries, which would repeat a
    command behind our back, and without its decoding. The connections are closed with the last
    reference to the sender.
    """

    repeats: ClassVar[bool] = False

    def __init__(
        self,
        make_pools: Callable[[], Sequence[Any]],
        look_into: Callable[[ResponseError, Sequence[Part]], None] = refused,
    ) -> None:
        """Use pools of our own.

        Args:
            make_pools: Makes the pool to send over, and after it those that it needs itself.
                Their connections must not retry by themselves. Another process that is forked
                from this one gets new ones: of the old a thread may hold the locks that is not
                there any more.
            look_into: Raises what a refusal says about the command or the server.
        """
        self._look_into = look_into
        self.acquaintance = Acquaintance()
        self._make_pools = make_pools
        self._open()
        _pool_senders.add(self)

    def _open(self) -> None:
        pools = self._make_pools()
        self._pool = pools[0]
        # Those that are in use, in the eyes of their pool, and nobody uses; the latest is the last.
        self._idle: deque[Exchange] = deque()
        # With a reference to each pool, as the pools themselves are in cycles.
        self._closing = [finalize(self, pool.disconnect) for pool in pools]
        for closing in self._closing:
            closing.atexit = False

    def start_anew(self) -> None:
        """Leave the pools of a forked process's parent without a touch, and make others.

        An operation in the middle of which the process was forked, by a signal handler, goes on
        in both. The child may not take from the parent's replies: it has to connect again.
        """
        for closing in self._closing:
            closing.detach()
        for connection in tuple(getattr(self._pool, "_in_use_connections", ())):
            sock = getattr(connection, "_sock", None)
            if sock is not None:
                with suppress(OSError):
                    sock.close()
        self._open()

    def send(self, attempt: Attempt) -> Any:
        """Make the attempt; see `Attempt`."""
        return self.ask(attempt.command, attempt.deadline, attempt.effort, asking=attempt.asking)

    def ask(
        self,
        command: Sequence[Part],
        deadline: float,
        effort: Effort | None = None,
        *,
        asking: bool = False,
    ) -> Any:
        """Make an attempt, by default a first one; see `Attempt` for the arguments."""
        exchange = self.take(deadline, effort)
        try:
            if asking:
                _ask_for_more(exchange, deadline)
            reply = exchange.ask(command, deadline)
        except ResponseError as error:
            self.put_back(exchange)
            self._look_into(error, command)
            raise
        except BaseException:
            exchange.give_up()  # a reply may still come; the next user must not read it
            raise
        self.put_back(exchange)
        return reply

    def take(self, deadline: float, effort: Effort | None = None) -> Exchange:
        """Return what nobody else uses until it is put back; see `Attempt` for the arguments.

        Raises:
            NotExecuted: No connection is to be had.
        """
        try:
            exchange = self._idle.pop()
        except IndexError:
            return self._open_exchange(deadline, effort)
        if exchange.is_quiet():
            return exchange
        exchange.give_up()
        return self._open_exchange(deadline, effort)

    def put_back(self, exchange: Exchange) -> None:
        """Let others use what was taken."""
        if exchange.can_stay:
            self._idle.append(exchange)
        else:
            self._pool.release(exchange.connection)

    def _open_exchange(self, deadline: float, effort: Effort | None) -> Exchange:
        """Return an exchange on a connection of the pool."""
        before, operation.deadline = operation.deadline, deadline
        try:
            connection = self._pool.get_connection()
        except BROKEN as error:
            raise NotExecuted from error
        finally:
            operation.deadline = before
        if getattr(connection, "is_back", False):
            connection.is_back = False
            if self._relied_on_a_look() and effort is None:
                self._pool.release(connection)
                raise NotExecuted from ConnectionError("the connection had broken")
        return exchange_on(connection, self._pool.release)

    def _close_idle(self) -> None:
        """Close all connections that nobody uses."""
        while self._idle:
            with suppress(IndexError):  # another thread was faster
                self._idle.pop().give_up()
        self._pool.disconnect(inuse_connections=False)

    def _relied_on_a_look(self) -> bool:
        """Tell whether whoever uses a connection that had broken relies on a look before that.

        Of a second attempt that is no news: it is made after a look.
        """
        relied, self.acquaintance.ends = self.acquaintance.ends > monotonic(), 0.0
        return relied


class PrimarySender(PoolSender):
    """Sends commands to the primary that Sentinels name, whichever it is at present."""

    def __init__(self, make_pools: Callable[[], Sequence[Any]]) -> None:
        """Use pools of our own; the first asks the Sentinels when it connects."""
        super().__init__(make_pools, refused_by_primary)

    @override
    def ask(
        self,
        command: Sequence[Part],
        deadline: float,
        effort: Effort | None = None,
        *,
        asking: bool = False,
    ) -> Any:
        """Make an attempt; where the server before broke down, ask for its successor first."""
        if effort is not None:
            self._close_idle()
        return super().ask(command, deadline, effort, asking=asking)

    @override
    def take(self, deadline: float, effort: Effort | None = None) -> Exchange:
        """Return what nobody else uses; not one to a server that is the primary no more.

        Where a thread has learnt of another one, the others must not read from the one before.
        """
        exchange = super().take(deadline, effort)
        if self._pool.owns_connection(exchange.connection):
            return exchange
        exchange.give_up()
        return self._open_exchange(deadline, effort)


def _ask_for_more(exchange: Exchange, deadline: float) -> None:
    """Have the node of a cluster do the next command with what it is yet to get.

    Raises:
        NotExecuted: It did not answer.
    """
    try:
        exchange.ask(("ASKING",), deadline)
    except BROKEN as error:
        raise NotExecuted from error


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
