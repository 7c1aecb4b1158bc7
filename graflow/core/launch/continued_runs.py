"""Runs that go on where a checkpoint stops, or begin where there is nothing to go on with."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from os import PathLike
from typing import Any, Literal, Unpack, overload

from graflow.core.context import ExecutionContext
from graflow.core.launch.async_runs import AsyncRuns, warn_if_blocking
from graflow.core.launch.opened_run import RunRequest
from graflow.core.launch.run_options import ContinueKeywords, Options
from graflow.core.task.task import Task

__all__ = ["ContinuedRuns"]


class ContinuedRuns(AsyncRuns):
    """What a workflow does with a file that may hold a run."""

    @abstractmethod
    def _continuation(
        self,
        start_node: Task[..., Any] | str | None,
        values: Mapping[str, object] | None,
        path: str | PathLike[str],
        options: Options,
    ) -> RunRequest:
        """Return a request for the run of a checkpoint, or for one that begins."""

    @overload
    def run(
        self,
        *,
        checkpoint: str | PathLike[str],
        ret_context: Literal[True],
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ContinueKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    def run(
        self,
        *,
        checkpoint: str | PathLike[str],
        ret_context: bool = False,
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ContinueKeywords],
    ) -> Any: ...
    def run(
        self,
        *,
        checkpoint: str | PathLike[str],
        ret_context: bool = False,
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ContinueKeywords],
    ) -> Any:
        """Run the tasks to their end, however often the program has to be started for that.

        If there is no file yet, a run begins, as with `execute(checkpoint=...)`. If the run in the
        file was killed or has failed, it goes on, as with `resume`. If it has finished, a new one
        begins: so a program that does this every night does its work every night.

        Args:
            checkpoint: The file.
            ret_context: As for `execute`, like the other arguments.
            start_node: A task or its id; only this task and those after it are run.
            initial_channel: Values to put into the channel of a run that begins. One that goes on
                has had its own.
            options: `max_workers`, `executor`, `progress`, `observers`, `run_id` and `keep`. A run
                of a given `run_id` happens once: if it has finished, its result is returned, and
                nothing runs.

        Returns:
            What `execute` returns.

        Raises:
            CheckpointDamagedError: The file is not a checkpoint, or was altered; it is never
                replaced.
            CheckpointMismatchError: It belongs to another workflow; or its run has not finished,
                and has another `run_id` or `start_node`, another graph, or another channel.
            CheckpointInUseError: Another run is saving to the file: of two programs that are
                started at once, one gets this. In all three cases nothing has changed.
            GraflowError: As for `execute` and `resume`.
        """
        warn_if_blocking("run")
        chosen = self._options(checkpoint=checkpoint, **options)
        request = self._continuation(start_node, initial_channel, checkpoint, chosen)
        return request.execute(ret_context)

    @overload
    async def arun(
        self,
        *,
        checkpoint: str | PathLike[str],
        ret_context: Literal[True],
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ContinueKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    async def arun(
        self,
        *,
        checkpoint: str | PathLike[str],
        ret_context: bool = False,
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ContinueKeywords],
    ) -> Any: ...
    async def arun(
        self,
        *,
        checkpoint: str | PathLike[str],
        ret_context: bool = False,
        start_node: Task[..., Any] | str | None = None,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ContinueKeywords],
    ) -> Any:
        """Run the tasks to their end as `run` does, on the running event loop.

        Args:
            checkpoint: The file.
            ret_context: As for `aexecute`, like the other arguments.
            start_node: A task or its id; only this task and those after it are run.
            initial_channel: Values to put into the channel of a run that begins.
            options: `max_workers`, `executor`, `progress`, `observers`, `run_id` and `keep`.

        Returns:
            What `execute` returns.

        Raises:
            asyncio.CancelledError: This was cancelled.
            GraflowError: As for `run`.
        """
        chosen = self._options(checkpoint=checkpoint, **options)
        request = self._continuation(start_node, initial_channel, checkpoint, chosen)
        return await request.aexecute(ret_context)
