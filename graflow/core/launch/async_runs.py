"""Runs of a workflow on an event loop, and their events as they happen."""

from __future__ import annotations

import asyncio
import warnings
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, Unpack, overload

from graflow.channels.arguments import Seconds
from graflow.core.context import ExecutionContext
from graflow.core.launch.opened_run import RunRequest
from graflow.core.launch.run_options import (
    BUFFER,
    KEEP_RESULTS,
    ExecuteKeywords,
    Options,
    ResumeKeywords,
    lasting,
)
from graflow.core.run.events import RunEvent
from graflow.core.run.observers import AnyObserver
from graflow.core.task.task import Task
from graflow.core.travel.executors import ExecutorSource
from graflow.exceptions import BlockingCallWarning
from graflow.system.without_threads import has_threads

__all__ = ["AsyncRuns", "warn_if_blocking"]


class AsyncRuns(ABC):
    """What a workflow does on an event loop; `Workflow` says what its tasks are."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The workflow's name."""

    @abstractmethod
    def _beginning(
        self,
        start_node: Task[..., Any] | str | None,
        values: Mapping[str, object] | None,
        options: Options,
    ) -> RunRequest:
        """Return a request for a run that begins."""

    @abstractmethod
    def _resumption(
        self,
        path: str | PathLike[str],
        values: Mapping[str, object] | None,
        options: Options,
    ) -> RunRequest:
        """Return a request for a run that was begun before."""

    @overload
    async def aexecute(
        self,
        start_node: Task[..., Any] | str | None = None,
        *,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ExecuteKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    async def aexecute(
        self,
        start_node: Task[..., Any] | str | None,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ExecuteKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    async def aexecute(
        self,
        start_node: Task[..., Any] | str | None = None,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ExecuteKeywords],
    ) -> Any: ...
    async def aexecute(
        self,
        start_node: Task[..., Any] | str | None = None,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ExecuteKeywords],
    ) -> Any:
        """Run the tasks on the running event loop, and wait for all of them without blocking it.

        Coroutines run on this loop, as `asyncio.create_task` would run them; other functions run
        on threads. What waits for a server or a file is done in threads.

        If this is cancelled, nothing new starts, and coroutines are cancelled. Functions on threads
        can't be stopped; they end, and keep their results. Then `CancelledError` is raised, and a
        run with a checkpoint can be resumed.

        Args:
            start_node: As for `execute`, like all arguments but `max_workers`.
            ret_context: Whether to return the context of the run as well.
            initial_channel: Values to put into the channel first, by key.
            max_workers: How many tasks may run at the same time, >= 1. By default any number of
                coroutines, and up to 32 functions on threads, or as many as the executor allows.
            options: `executor`, `checkpoint`, `progress`, `observers`, `run_id` and `keep`.

        Returns:
            What `execute` returns.

        Raises:
            asyncio.CancelledError: This was cancelled.
            GraflowError: As for `execute`.
        """
        chosen = self._options(max_workers=max_workers, **options)
        return await self._beginning(start_node, initial_channel, chosen).aexecute(ret_context)

    @overload
    async def aresume(
        self,
        path: str | PathLike[str],
        *,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ResumeKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    async def aresume(
        self,
        path: str | PathLike[str],
        *,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ResumeKeywords],
    ) -> Any: ...
    async def aresume(
        self,
        path: str | PathLike[str],
        *,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ResumeKeywords],
    ) -> Any:
        """Continue a run on the running event loop, and return its result.

        Args:
            path: The checkpoint, as for `resume`.
            ret_context: As for `aexecute`, like the options.
            initial_channel: Values to put into the channel before the run goes on, as for `resume`.
            options: `max_workers`, `executor`, `progress`, `observers` and `keep`.

        Raises:
            asyncio.CancelledError: This was cancelled.
            GraflowError: As for `resume`.
        """
        chosen = self._options(checkpoint=path, **options)
        return await self._resumption(path, initial_channel, chosen).aexecute(ret_context)

    def stream(
        self,
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        *,
        buffer: int = BUFFER,
        **options: Unpack[ExecuteKeywords],
    ) -> Generator[RunEvent, None, None]:
        """Run the tasks, and yield the events of the run as they happen.

        The run begins with the first event that is asked for, and goes on as `aexecute` does, on
        an event loop in a thread of its own. It waits for a consumer that is slow, once the buffer
        is full: tasks that emit, begin or end wait until there is room, and no event is lost.

        A consumer that stops early (with `break`, an exception, or `close`) ends the run as the
        cancellation of `aexecute` does, and waits for that. One that is left to the collector of
        garbage, or to the end of the interpreter, ends the run as well, but does not wait.

        Args:
            start_node: As for `aexecute`, like all arguments but the buffer.
            initial_channel: Values to put into the channel first, by key.
            max_workers: How many tasks may run at the same time.
            buffer: How many events may wait for the consumer, >= 1.
            options: `executor`, `checkpoint`, `progress`, `observers`, `run_id` and `keep`.

        Returns:
            A generator of events. The last one is `RunEnded`, with the result. If the run fails,
            the generator raises what `execute` would raise, after the last event.

        Raises:
            GraflowError: As for `execute`.
        """
        from graflow.core.launch.streams import streamed  # noqa: PLC0415 - few need it

        warn_if_blocking("stream")
        return streamed(self._to_stream(start_node, initial_channel, max_workers, options), buffer)

    def astream(
        self,
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        *,
        buffer: int = BUFFER,
        **options: Unpack[ExecuteKeywords],
    ) -> AsyncGenerator[RunEvent, None]:
        """Run the tasks on the running event loop, and yield the events of the run.

        This is `stream` for a consumer on a loop, on which the run goes on as well. As with any
        asynchronous generator, whoever leaves the loop over it early should see to it that it is
        closed: `async with contextlib.aclosing(wf.astream()) as events`.

        Args:
            start_node: As for `stream`, like all arguments.
            initial_channel: Values to put into the channel first, by key.
            max_workers: How many tasks may run at the same time.
            buffer: How many events may wait for the consumer, >= 1.
            options: `executor`, `checkpoint`, `progress`, `observers`, `run_id` and `keep`.

        Returns:
            An asynchronous generator of events.

        Raises:
            GraflowError: As for `execute`.
        """
        from graflow.core.launch.streams import astreamed  # noqa: PLC0415 - few need it

        return astreamed(self._to_stream(start_node, initial_channel, max_workers, options), buffer)

    def _to_stream(
        self,
        start_node: Task[..., Any] | str | None,
        values: Mapping[str, object] | None,
        max_workers: int | None,
        options: ExecuteKeywords,
    ) -> RunRequest:
        chosen = self._options(max_workers=max_workers, **options)
        return self._beginning(start_node, values, chosen)

    def _options(
        self,
        *,
        max_workers: int | None = None,
        executor: ExecutorSource | None = None,
        checkpoint: str | PathLike[str] | None = None,
        progress: bool = False,
        observers: Sequence[AnyObserver] = (),
        run_id: str | None = None,
        keep: Seconds | None = KEEP_RESULTS,
    ) -> Options:
        """Return the options of a run.

        Raises:
            WorkflowTypeError, WorkflowValueError: One of them is invalid.
        """
        lasts = lasting(keep, self.name)
        options = Options(
            executor, max_workers, progress, tuple(observers), checkpoint, run_id, lasts
        )
        options.check(self.name)
        return options


def warn_if_blocking(method: str) -> None:
    """Warn whoever is about to block an event loop: two calls up, a method of that name.

    In WebAssembly everything runs on the event loop of the page, so there nobody is warned.
    """
    if not has_threads():
        return
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    better = "await wf.a{}(...)" if method != "stream" else "async for event in wf.a{}(...)"
    warnings.warn(
        f"{method} blocks the event loop of this thread, and no coroutine on it goes on meanwhile; "
        f"where you can, write `{better.format(method)}`",
        BlockingCallWarning,
        stacklevel=3,
    )
