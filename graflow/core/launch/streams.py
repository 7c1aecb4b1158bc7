"""Streams: the events of a run, as generators for threads and for event loops."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import replace
from threading import Lock, Thread, current_thread, get_ident
from typing import Any

from typing_extensions import override

from graflow.core.launch.opened_run import RunRequest
from graflow.core.run.delays import ALERT
from graflow.core.run.events import (
    Emitted,
    RunEnded,
    RunEvent,
    TaskEvent,
    TaskFailed,
    TaskFinished,
    TaskRetried,
    TaskStarted,
)
from graflow.core.run.observers import AsyncRunObserver
from graflow.exceptions import WorkflowTypeError, WorkflowValueError
from graflow.system.wakers import LoopWaker, ThreadWaker
from graflow.system.without_threads import OneThread, has_threads

__all__ = ["astreamed", "streamed"]


class _Buffer(AsyncRunObserver):
    """The events that the consumer has not taken yet, at most as many as there is room for.

    The loop of the run puts them in. The consumer may be on another thread.
    """

    def __init__(self, size: int, consumer: Callable[[], object]) -> None:
        """Be empty; `consumer` wakes whoever takes the events."""
        self._size = size
        self._wake_consumer = consumer
        self._lock = Lock()
        self._events: deque[RunEvent] = deque()
        self._room: LoopWaker | None = None  # of a producer that waits
        self._is_closed = False

    @override
    async def task_started(self, event: TaskEvent) -> None:
        await self._put(TaskStarted(*_fields(event)))

    @override
    async def task_finished(self, event: TaskEvent) -> None:
        await self._put(TaskFinished(*_fields(event)))

    @override
    async def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        await self._put(TaskRetried(*_fields(event), error, pause))

    @override
    async def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        await self._put(TaskFailed(*_fields(event), error))

    async def emitted(self, event: TaskEvent, value: Any) -> None:
        """Put it in."""
        await self._put(Emitted(*_fields(event), value))

    def take(self) -> RunEvent | None:
        """Take the next event out; `None` if there is none."""
        with self._lock:
            event = self._events.popleft() if self._events else None
            room = self._room
        if event is not None and room is not None:
            room.wake()
        return event

    def close(self) -> None:
        """Let nobody wait for room any more: events to come are dropped."""
        with self._lock:
            self._is_closed = True
            room = self._room
        if room is not None:
            room.wake()

    async def _put(self, event: RunEvent) -> None:
        """Wait for room, and put an event in."""
        while True:
            with self._lock:
                if self._is_closed:
                    return
                if len(self._events) < self._size:
                    self._events.append(event)
                    break
                if self._room is None:
                    self._room = LoopWaker()
            await self._room.wait(None)
        self._wake_consumer()


def astreamed(request: RunRequest, size: int) -> AsyncGenerator[RunEvent, None]:
    """Return the events of a run on the loop of whoever asks for the first; see `Workflow.astream`.

    Raises:
        WorkflowTypeError, WorkflowValueError: The size of the buffer is invalid.
    """
    return _asynchronous(request, _checked(size, request.workflow))


def streamed(request: RunRequest, size: int) -> Generator[RunEvent, None, None]:
    """Return the events of a run in other threads; see `Workflow.stream`.

    Raises:
        WorkflowTypeError, WorkflowValueError: The size of the buffer is invalid.
    """
    generator = _synchronous if has_threads() else _in_turn
    return generator(request, _checked(size, request.workflow))


async def _asynchronous(request: RunRequest, size: int) -> AsyncGenerator[RunEvent, None]:
    news = LoopWaker()
    buffer = _Buffer(size, news.wake)
    run = asyncio.ensure_future(_execute(request, buffer))
    run.add_done_callback(lambda _: news.wake())
    try:
        while True:
            over = run.done()
            while (event := buffer.take()) is not None:
                yield event
            if over:
                break
            await news.wait(None)
        yield await run
    finally:
        buffer.close()
        await _end(run)


async def _end(run: asyncio.Future[RunEnded]) -> None:
    """Cancel a run whose consumer has stopped, and wait for its end."""
    run.cancel()
    interrupted: asyncio.CancelledError | None = None
    while not run.done():
        try:
            await asyncio.wait([run])
        except asyncio.CancelledError as error:
            interrupted = error
    if not run.cancelled():
        run.exception()  # if it failed, whoever took the last event has been told
    if interrupted is not None:
        raise interrupted


def _synchronous(request: RunRequest, size: int) -> Generator[RunEvent, None, None]:
    news = ThreadWaker()
    buffer = _Buffer(size, news.wake)
    run = _RunInThread(request, buffer)
    run.ended.add_done_callback(lambda _: news.wake())
    try:
        while True:
            over = run.ended.done()
            while (event := buffer.take()) is not None:
                yield event
            if over:
                break
            news.wait(ALERT)
        yield run.ended.result()
    finally:
        run.end()


def _in_turn(request: RunRequest, size: int) -> Generator[RunEvent, None, None]:
    """Let the run go on while its consumer waits for the next event, and only then."""
    with closing(OneThread()) as thread:
        events = _asynchronous(request, size)
        try:
            while (event := thread.run(_next(events))) is not None:
                yield event
        finally:
            thread.run(_close(events))


async def _next(events: AsyncGenerator[RunEvent, None]) -> RunEvent | None:
    return await anext(events, None)


async def _close(events: AsyncGenerator[RunEvent, None]) -> None:
    await events.aclose()


class _RunInThread:
    """A run on an event loop in a thread of its own.

    Attributes:
        ended: Its result.
    """

    def __init__(self, request: RunRequest, buffer: _Buffer) -> None:
        """Begin to run."""
        _garbage.note_collections()
        self.ended: Future[RunEnded] = Future()
        self._request = request
        self._buffer = buffer
        self._begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None] = Future()
        name = f"graflow-{request.workflow}-stream"
        self._thread = Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Cancel the run, unless it is over, and wait for its end where that can't take for ever.

        Nothing waits when the interpreter ends, since the threads no longer run then; nor while
        garbage is collected, which any thread may do: one that the run waits for as well. There it
        takes no locks either, as this thread may have them.
        """
        if sys.is_finalizing():
            return
        begun = self._begun.result()
        if begun is not None:
            loop, task = begun
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._buffer.close)
                loop.call_soon_threadsafe(task.cancel)
        if _garbage.is_collected_here() or current_thread() is self._thread:
            return
        while self._thread.is_alive():
            self._thread.join(ALERT)

    def _serve(self) -> None:
        try:
            with asyncio.Runner() as runner:
                ended = runner.run(self._main())
        except BaseException as error:  # noqa: BLE001 - the consumer gets it
            if not self._begun.done():
                self._begun.set_result(None)  # there is no loop
            self.ended.set_exception(error)
        else:
            self.ended.set_result(ended)

    async def _main(self) -> RunEnded:
        task = asyncio.ensure_future(_execute(self._request, self._buffer))
        self._begun.set_result((asyncio.get_running_loop(), task))
        return await task


class _Garbage:
    """Knows the thread that is collecting garbage; there is one at a time."""

    def __init__(self) -> None:
        self._collector: int | None = None

    def note_collections(self) -> None:
        """Take note of each collection from now on, unless that is so already.

        Programs without streams are spared it: it takes a moment of each collection, in which a
        Ctrl-C would get lost.
        """
        if self._note not in gc.callbacks:
            gc.callbacks.append(self._note)

    def is_collected_here(self) -> bool:
        """Tell whether this thread is collecting garbage now."""
        return self._collector == get_ident()

    def _note(self, phase: str, _: dict[str, int]) -> None:
        self._collector = get_ident() if phase == "start" else None


_garbage = _Garbage()


async def _execute(request: RunRequest, buffer: _Buffer) -> RunEnded:
    options = replace(request.options, observers=[*request.options.observers, buffer])
    result, context = await request._replace(options=options).aexecute(ret_context=True)
    return RunEnded(request.workflow, context.run_id, result, context)


def _checked(size: object, workflow: str) -> int:
    if isinstance(size, bool) or not isinstance(size, int):
        raise WorkflowTypeError(
            f"buffer must be an int, not {type(size).__name__}", workflow=workflow
        )
    if size < 1:
        raise WorkflowValueError(f"buffer must be at least 1, not {size}", workflow=workflow)
    return size


def _fields(event: TaskEvent) -> tuple[str, str, str, int]:
    return event.workflow, event.run_id, event.task_id, event.attempt
