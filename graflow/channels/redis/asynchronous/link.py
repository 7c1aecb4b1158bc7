"""Links of an event loop: one connection to a server at a time, for all coroutines."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final, NamedTuple, TypeVar
from weakref import finalize

from redis.exceptions import ConnectionError, RedisError, ResponseError, TimeoutError

from graflow.channels.redis.asynchronous.driver import Cancellations, must_go_on
from graflow.channels.redis.asynchronous.loops import close_at_the_end
from graflow.channels.redis.asynchronous.pipeline import Pipeline, Question
from graflow.channels.redis.errors import code_of
from graflow.channels.redis.retrying import BROKEN, NotExecuted
from graflow.channels.redis.sending.requests import Acquaintance, Attempt, Part
from graflow.channels.redis.wire import pack
from graflow.system.clock import monotonic

__all__ = ["Dialled", "LoopLink"]

R = TypeVar("R")

_LEFT: Final = frozenset({"READONLY", "LOADING", "MASTERDOWN"})
_ASKING: Final = b"*1\r\n$6\r\nASKING\r\n"


class Dialled(NamedTuple):
    """A server, and how to talk to it.

    Attributes:
        dial: Connects and shakes hands, and returns what to write to.
        look_into: Raises what a refusal says about the command or the server.
        limit: Seconds that one attempt may wait for its reply.
        timeout: Seconds that connecting may take at most, whoever waits for it.
        may_move: Whether `dial` may lead to another server the next time.
    """

    dial: Callable[[], Awaitable[asyncio.StreamWriter]]
    look_into: Callable[[ResponseError, Sequence[Part]], None]
    limit: float
    timeout: float
    may_move: bool = False


class LoopLink:
    """The way of an event loop to one server; it connects when it is used.

    The connection is closed with the last reference to the link, and with its loop.

    Attributes:
        acquaintance: What is known of the server.
    """

    repeats: ClassVar[bool] = False
    ask: ClassVar[None] = None  # whoever waits for a reply awaits it

    def __init__(self, server: Dialled) -> None:
        """Belong to the running loop."""
        self.acquaintance = Acquaintance()
        self._loop = asyncio.get_running_loop()
        self._server = server
        self._pipeline: Pipeline | None = None
        self._current: list[Pipeline] = []  # the same, for whoever closes it in the end
        self._connecting: asyncio.Task[None] | None = None
        self._shared: dict[Sequence[Part], asyncio.Task[Any]] = {}
        self._closing = finalize(self, _close, self._loop, self._current)
        self._closing.atexit = False

    async def send(self, attempt: Attempt, held: Cancellations) -> Any:
        """Make the attempt; see `Attempt`.

        Args:
            attempt: What is sent, and until when.
            held: Gets the cancellations that wait until it is known what became of a change.
        """
        if attempt.shared:
            return await self._send_shared(attempt, held)
        pipeline = self._pipeline
        if pipeline is None or not pipeline.is_open:
            pipeline = await self._connected(attempt, held)
        now, deadline = monotonic(), attempt.deadline
        due = now + self._server.limit
        if due > deadline:
            due = deadline
            if due <= now:
                raise NotExecuted from TimeoutError("the operation ran out of time")
        data = pack(attempt.command)
        if attempt.asking:
            question = pipeline.ask(_ASKING + data, now, due, 2)
        else:
            question = pipeline.ask(data, now, due)
        try:
            try:
                return await question.future
            except asyncio.CancelledError as error:
                if not must_go_on(attempt) and (question.withdraw() or not attempt.writes):
                    raise
                return await self._outcome(question, held, error)
        except (ResponseError, ConnectionError) as error:
            self._look_into(error, pipeline, attempt)
            raise

    async def _outcome(
        self, question: Question, held: Cancellations, cancelled: asyncio.CancelledError
    ) -> Any:
        """Return the reply, however often the call is cancelled meanwhile."""
        while True:
            held.append(cancelled)
            question.wait_again(self._loop)
            try:
                return await question.future
            except asyncio.CancelledError as again:
                cancelled = again

    def _look_into(self, error: RedisError, pipeline: Pipeline, attempt: Attempt) -> None:
        if self._server.may_move and code_of(error) in _LEFT:
            pipeline.retire()
        if isinstance(error, ResponseError):
            self._server.look_into(error, attempt.command)

    # What is done once for all who need it at the same time

    async def _send_shared(self, attempt: Attempt, held: Cancellations) -> Any:
        sending = self._shared.get(attempt.command)
        if sending is None or sending.done():
            alone = self.send(attempt._replace(shared=False), [])
            sending = self._shared[attempt.command] = self._begin(alone)
        await _join(sending, attempt, held)
        return sending.result()

    async def _connected(self, attempt: Attempt, held: Cancellations) -> Pipeline:
        """Return a connection that takes commands."""
        relied = self.acquaintance.ends > monotonic()
        is_back = self._pipeline is not None
        connecting = self._connecting
        if connecting is None or connecting.done():
            connecting = self._connecting = self._begin(self._connect())
        await _join(connecting, attempt, held)
        failure = connecting.exception()
        if isinstance(failure, BROKEN):
            raise NotExecuted from failure
        if failure is not None:
            raise failure
        pipeline = self._pipeline
        if pipeline is None or not pipeline.is_open:
            raise NotExecuted from ConnectionError("the connection broke at once")
        if relied and is_back and attempt.effort is None:
            raise NotExecuted from ConnectionError("the connection had broken")
        return pipeline

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self._server.timeout):
                writer = await self._server.dial()
        except builtins.TimeoutError as error:
            raise TimeoutError("Timeout connecting to server") from error
        pipeline = Pipeline(self._loop, writer)
        close_at_the_end(self._loop, pipeline)
        if self._pipeline is not None:
            self.acquaintance.ends = 0.0  # it may be another server now
        self._pipeline, self._current[:] = pipeline, [pipeline]

    def _begin(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        task = self._loop.create_task(work)
        task.add_done_callback(_hear)
        return task


async def _join(task: asyncio.Task[Any], attempt: Attempt, held: Cancellations) -> None:
    """Wait until others have done it; they go on if this call is cancelled.

    Raises:
        NotExecuted: It is not done in time, or given up with the loop.
    """
    while not task.done():
        left = attempt.deadline - monotonic()
        if left <= 0:
            raise NotExecuted from TimeoutError("the operation ran out of time")
        try:
            await asyncio.wait([task], timeout=left)
        except asyncio.CancelledError as error:
            if not must_go_on(attempt):
                raise
            held.append(error)
    if task.cancelled():
        raise NotExecuted from ConnectionError("connecting was given up")


def _hear(task: asyncio.Task[Any]) -> None:
    """Let nobody be told of a failure whose askers are all gone."""
    if not task.cancelled():
        task.exception()


def _close(loop: asyncio.AbstractEventLoop, current: list[Pipeline]) -> None:
    for pipeline in current:
        with suppress(RuntimeError):  # the loop is closed, and the connection with it
            loop.call_soon_threadsafe(pipeline.retire)
