"""Calls that wait for a server or a file, made in threads for coroutines."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from graflow.system.cancellations import carried_out
from graflow.system.without_threads import InTurn, has_threads

__all__ = ["directly", "ending", "entered", "in_own_thread", "in_thread"]

P = ParamSpec("P")
R = TypeVar("R")

_THREADS = 32  # of a process; what they wait for is one server, or one file


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Make a call in a thread, with a copy of the caller's `ContextVar`s.

    If this is cancelled before a thread has begun the call, it never happens. One that has begun is
    awaited to its end, so that it does not happen later; then this raises `CancelledError`.

    Raises:
        BaseException: What the call raises.
    """
    return await _awaited(_submit(function, *args, **kwargs), Future.cancel)


async def ending(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Make a call in a thread as `in_thread` does, and make it even if this is cancelled."""
    return await _awaited(_submit(function, *args, **kwargs), lambda _: False)


async def directly(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Make a call that never waits, in the place of `ending`."""
    return function(*args, **kwargs)


async def in_own_thread(function: Callable[[], R], name: str, stop: Callable[[], object]) -> R:
    """Make a long call in a thread of its own.

    Args:
        function: What is called, with a copy of the caller's `ContextVar`s.
        name: The name of the thread.
        stop: Called when this is cancelled; the call must end soon after it. Then this raises
            `CancelledError`.

    Raises:
        BaseException: What the call raises.
    """
    future: Future[R] = Future()
    call = partial(copy_context().run, function)
    if has_threads():
        Thread(target=_settle, args=(future, call), name=name, daemon=True).start()
    else:
        future = InTurn().submit(call)

    def stopped(_: Future[R]) -> bool:
        stop()
        return False

    return await _awaited(future, stopped)


@asynccontextmanager
async def entered(
    manager: AbstractContextManager[R], call: Callable[..., Awaitable[Any]]
) -> AsyncIterator[R]:
    """Enter and leave a context whose two ends may wait; what was entered is always left.

    Args:
        manager: The context.
        call: Makes a call to its end; `ending`, or `directly`.
    """
    inside: list[R] = []
    try:
        await call(lambda: inside.append(manager.__enter__()))
    except asyncio.CancelledError as error:
        if inside:
            await call(manager.__exit__, type(error), error, error.__traceback__)
        raise
    try:
        yield inside[0]
    except BaseException as error:
        if not await call(manager.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await call(manager.__exit__, None, None, None)


async def _awaited(future: Future[R], stopped: Callable[[Future[R]], bool]) -> R:
    """Wait for a call to its end, even if this is cancelled, maybe again and again.

    Args:
        future: The call.
        stopped: Called when this is cancelled; tells whether the call will never happen now.
    """
    waiting = asyncio.wrap_future(future)
    try:
        await asyncio.wait([waiting])
    except asyncio.CancelledError as cancelled:
        if not stopped(future):
            while not waiting.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([waiting])
            if not waiting.cancelled():
                if error := waiting.exception():
                    raise cancelled from error
                carried_out(cancelled, waiting.result())
        raise
    return waiting.result()


def _submit(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
    return _threads.get().submit(partial(copy_context().run, function, *args, **kwargs))


def _settle(future: Future[R], call: Callable[[], R]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
        future.set_exception(error)
    else:
        future.set_result(result)


class _Threads:
    """The threads of this process; one that is forked from it has its own."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        self._pool: Executor | None = None

    def get(self) -> Executor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, "graflow-aio") if has_threads() else InTurn()
        return self._pool


_threads = _Threads()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.start_anew)
