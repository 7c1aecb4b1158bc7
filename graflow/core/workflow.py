"""`workflow`: tasks that are put in order and run under a name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar, copy_context
from functools import partial
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Self, Unpack, overload

from typing_extensions import override

from graflow.channels.arguments import Seconds
from graflow.channels.factory import default_channel
from graflow.core.context import ExecutionContext
from graflow.core.graph.graph import Graph, RunPlan
from graflow.core.graph.task_node import counted
from graflow.core.graph.workflow_graph import WorkflowGraph, graph_of
from graflow.core.history.drawn_workflow import DrawnWorkflow
from graflow.core.launch.async_runs import warn_if_blocking
from graflow.core.launch.continued_runs import ContinuedRuns
from graflow.core.launch.never_run import note_made, note_used
from graflow.core.launch.opened_run import (
    Beginning,
    OpenedRun,
    Resumption,
    RunRequest,
    begun,
    continued,
    resumed,
)
from graflow.core.launch.opening import ChannelSource, check_source
from graflow.core.launch.rehearsal import rehearsal
from graflow.core.launch.run_options import (
    KEEP_RESULTS,
    MAX_WORKERS,
    ExecuteKeywords,
    Options,
    ResumeKeywords,
)
from graflow.core.run.observers import AnyObserver
from graflow.core.task.composition import Node, OpenGraph, chain, check_nodes, open_graphs, parallel
from graflow.core.task.task import Task, check_text
from graflow.core.travel.executors import ExecutorSource
from graflow.exceptions import WorkflowStateError
from graflow.system.notebooks import Sight

__all__ = ["MAX_WORKERS", "ChannelSource", "Workflow", "chain", "parallel", "workflow"]

_running: ContextVar[tuple[Workflow, ...]] = ContextVar("running_workflows", default=())
"""The workflows whose tasks are running the current code, innermost last."""


class Workflow(ContinuedRuns, DrawnWorkflow):
    """Tasks in order, under a name; `workflow(name)` makes one.

    Tasks join it inside its `with` block, when they are decorated, called, or put in order there
    with `>>`, `|`, `chain` or `parallel`. `execute` runs them, any number of times.
    """

    def __init__(self, name: str, *, channel: ChannelSource | None = None) -> None:
        """Make a workflow without tasks; `workflow` explains the arguments."""
        self._name = check_text(name, "workflow name")
        check_source(channel, self._name)
        self._channel = default_channel() if channel is None else channel
        self._graph = Graph(self._name)

    @property
    @override
    def name(self) -> str:
        """The workflow's name."""
        return self._name

    def __repr__(self) -> str:
        """Show the name, and how many tasks there are."""
        known = vars(self)  # a debugger may look before `__init__` has ended
        if "_graph" not in known:
            return f"<workflow {known.get('_name', '')!r}, not made yet>"
        return f"<workflow {self._name!r}: {counted(self._graph.size)}>"

    def __enter__(self) -> Self:
        """Let tasks join the workflow until the block ends."""
        open_graphs.set((*open_graphs.get(), self._graph))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let no more tasks join, and settle the ids of those that did."""
        open_graphs.set(_without_last(self._graph, open_graphs.get()))
        self._graph.name_tasks()
        if kind is None and self._graph.size:
            note_made(self._name, sys._getframe(1))

    def add(self, *nodes: Node) -> None:
        """Add tasks, chains and groups, without a `with` block.

        Raises:
            DuplicateTaskError: One of them has the id of another task.
            WorkflowTypeError, WorkflowValueError: An argument is not a task, or there are none.
        """
        for node in check_nodes(nodes):
            self._graph.add(node)

    def task(self, task: Task[..., Any] | str) -> Task[..., Any]:
        """Return the task of the workflow that has an id.

        Args:
            task: The id; or the task itself, or the one of which the workflow has a variant under
                the same id.

        Raises:
            TaskNotFoundError: There is none.
            WorkflowTypeError: It is neither a task nor an id.
        """
        return self._graph.find(task, "task")

    @override
    def graph(self) -> WorkflowGraph:
        """Return the tasks and their order as plain data; printed, it shows them in stages.

        Raises:
            CycleError: Tasks wait for each other.
        """
        note_used()
        return graph_of(self._name, self._graph.plan())

    @override
    def _sight(self) -> Sight | None:
        if any(graph is self._graph for graph in open_graphs.get()):
            return None  # it would settle ids too early
        return Sight(graph_of(self._name, self._graph.plan()).to_svg())

    @overload
    def execute(
        self,
        start_node: Task[..., Any] | str | None = None,
        *,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ExecuteKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    def execute(
        self,
        start_node: Task[..., Any] | str | None,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ExecuteKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    def execute(
        self,
        start_node: Task[..., Any] | str | None = None,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        **options: Unpack[ExecuteKeywords],
    ) -> Any: ...
    def execute(
        self,
        start_node: Task[..., Any] | str | None = None,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        *,
        executor: ExecutorSource | None = None,
        checkpoint: str | PathLike[str] | None = None,
        progress: bool = False,
        observers: Sequence[AnyObserver] = (),
        run_id: str | None = None,
        keep: Seconds | None = KEEP_RESULTS,
    ) -> Any:
        """Run the tasks, each as soon as those before it are done, and wait for all of them.

        Where Python has no threads, as in WebAssembly, they run in turn (docs/webassembly.md).
        By default they run on threads, which end before this returns or raises, and see the
        caller's `ContextVar`s; `async def` tasks share one event loop. When a task raises, or on
        Ctrl-C, running tasks finish and keep their results, but no others start.

        Args:
            start_node: A task or its id; only this task and those after it are run.
            ret_context: Whether to return the context of the run as well, with the channel
                and all results.
            initial_channel: Values to put into the channel first, by key. A value under
                `<task id>.__result__` becomes that task's result, for a run that starts after
                it.
            max_workers: How many tasks may run at the same time, >= 1; by default 32, or as many
                as the executor allows.
            executor: Any `concurrent.futures.Executor` to run the tasks, which stays open, or a
                function without arguments that makes one for this run. If it leaves this
                process, tasks are sent with cloudpickle (`graflow[processes]`) and must be able
                to reach the channel from there. See docs/executors.md.
            checkpoint: A file that is updated whenever a task ends, for `resume`.
            progress: Whether to show the progress of the run on the terminal, or below the cell of
                a notebook, if there is one (`graflow[progress]`).
            observers: Objects that are notified when a task starts, ends, fails or is retried.
            run_id: The id of the run, non-empty text; by default a new one. With an id such as
                "order-4711" the run happens once: if a run of this id has finished, its result is
                returned and nothing runs; one that died before its first task is begun anew.
                This needs a channel that was given to the workflow; the one in memory that a run
                gets otherwise forgets it.
            keep: Seconds or `timedelta` for which the run's own results, and what the channel
                knows of the run, last after its end, >= 0; by default 7 days, `None` for ever.
                Values that tasks store stay, and on a channel that runs share, so does the latest
                result of each task. A run that failed is kept for a week at least, to be resumed.

        Returns:
            The return value of the last task, or a dict by task id if the workflow ends in
            several. With `ret_context`, a tuple of that and the `ExecutionContext`.

        Raises:
            CycleError: Tasks wait for each other; nothing has run.
            TaskNotFoundError: The workflow does not contain the task `start_node`.
            TaskFailedError: Tasks raised, or their workers died; the error names them and
                contains their exceptions.
            ExtraMissingError: A library is not installed; nothing has run.
            WorkflowStateError: There are no tasks, or one of them called this, or the executor
                is broken.
            WorkflowTypeError, WorkflowValueError: An argument is invalid, or a task or the
                channel can't leave the process; nothing has run.
            RunInProgressError: A run of this id is under way, or has failed or died, which the
                message says, and how to go on; nothing has run.
            ResultNotFoundError: A run of this id has finished, but its result is gone, or it had
                other tasks; nothing has run.
            RunSupersededError: Another process has taken over the run, by resuming it, or its
                channel was destroyed; this one has stored nothing since.
            CheckpointInUseError: Another run is saving to that file; nothing has run.
            CheckpointFileError: The checkpoint can't be written; this is an `OSError`. Nothing has
                run, unless the disk became full later.
        """
        warn_if_blocking("execute")
        options = self._options(
            max_workers=max_workers,
            executor=executor,
            checkpoint=checkpoint,
            progress=progress,
            observers=observers,
            run_id=run_id,
            keep=keep,
        )
        return self._beginning(start_node, initial_channel, options).execute(ret_context)

    @overload
    def resume(
        self,
        path: str | PathLike[str],
        *,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ResumeKeywords],
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    def resume(
        self,
        path: str | PathLike[str],
        *,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        **options: Unpack[ResumeKeywords],
    ) -> Any: ...
    def resume(
        self,
        path: str | PathLike[str],
        *,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
        executor: ExecutorSource | None = None,
        progress: bool = False,
        observers: Sequence[AnyObserver] = (),
        keep: Seconds | None = KEEP_RESULTS,
    ) -> Any:
        """Continue a run begun by `execute(checkpoint=path)`, and return its result.

        Finished tasks do not run again; a task that was running when the run died starts over.
        A channel in memory is restored to exactly what it held at the checkpoint, except for
        keys that have expired since. The run keeps saving to the same file.

        On a channel on a server this takes the run over from whoever ran it before: should that
        process live after all, it gets `RunSupersededError` at its next write, and stops. If the
        run has finished since the file was saved or copied, its result is returned and nothing
        runs.

        Args:
            path: The file.
            ret_context: As for `execute`, like the arguments further down.
            initial_channel: Values to put into the channel before the run goes on. They replace
                what the channel holds, and what was restored; a finished task keeps its result.
                If all tasks have finished, they are not used.
            max_workers: How many tasks may run at the same time.
            executor: The executor, which may be of another kind than before.
            progress: Whether to show the progress of the run.
            observers: Objects that are notified when a task starts, ends, fails or is retried.
            keep: As for `execute`.

        Raises:
            RunInProgressError: Somebody else resumes the run at this moment.
            CheckpointDamagedError: The file is not a checkpoint, or was altered since it was
                written.
            CheckpointVersionError: A newer version of graflow wrote it.
            CheckpointMismatchError: It belongs to another workflow or graph, or to another
                channel, or the channel has lost its contents.
            CheckpointInUseError: Another run is saving to the file. In all four cases nothing
                has changed.
            CheckpointFileError: The file does not exist, or can't be read or written; this is an
                `OSError`.
            GraflowError: As for `execute`.
        """
        warn_if_blocking("resume")
        options = self._options(
            max_workers=max_workers,
            executor=executor,
            checkpoint=path,
            progress=progress,
            observers=observers,
            keep=keep,
        )
        return self._resumption(path, initial_channel, options).execute(ret_context)

    def _plan(self, start_node: Task[..., Any] | str | None) -> RunPlan:
        if self in _running.get():
            raise WorkflowStateError(
                f"workflow {self._name!r} was executed by one of its own tasks, which would wait "
                "forever; make a new workflow inside the task",
                workflow=self._name,
            )
        if not self._graph.size:
            raise WorkflowStateError(
                f"workflow {self._name!r} has no tasks; inside its `with` block put tasks in "
                "order (a >> b) or call them, or use its method add",
                workflow=self._name,
            )
        plan, test = self._graph.plan(start_node), rehearsal.get()
        return plan if test is None else test.plan(self, plan)

    @override
    def _beginning(
        self,
        start_node: Task[..., Any] | str | None,
        values: Mapping[str, object] | None,
        options: Options,
    ) -> RunRequest:
        beginning = Beginning(self._plan(start_node), values)
        return self._request(options, partial(begun, beginning=beginning))

    @override
    def _resumption(
        self,
        path: str | PathLike[str],
        values: Mapping[str, object] | None,
        options: Options,
    ) -> RunRequest:
        resumption = Resumption(path, self._plan, values)
        return self._request(options, partial(resumed, resumption=resumption))

    @override
    def _continuation(
        self,
        start_node: Task[..., Any] | str | None,
        values: Mapping[str, object] | None,
        path: str | PathLike[str],
        options: Options,
    ) -> RunRequest:
        beginning = Beginning(self._plan(start_node), values)
        resumption = Resumption(path, self._plan, None)
        opening = partial(continued, beginning=beginning, resumption=resumption)
        return self._request(options, opening)

    def _request(
        self, options: Options, opening: Callable[[RunRequest], AbstractContextManager[OpenedRun]]
    ) -> RunRequest:
        """Return a request for a run whose tasks see the caller's `ContextVar`s."""
        note_used()
        variables = copy_context()
        variables.run(open_graphs.set, ())  # no open workflow
        variables.run(_running.set, (*_running.get(), self))
        request = RunRequest(self._name, self._channel, options, variables, opening)
        test = rehearsal.get()
        return request if test is None else test.request(self, request)


def _without_last(
    graph: OpenGraph[Any], graphs: tuple[OpenGraph[Any], ...]
) -> tuple[OpenGraph[Any], ...]:
    """Return the open graphs less this one, inside of which a generator may hold another open."""
    for place in reversed(range(len(graphs))):
        if graphs[place] is graph:
            return (*graphs[:place], *graphs[place + 1 :])
    return graphs


def workflow(name: str, *, channel: ChannelSource | None = None) -> Workflow:
    """Make a workflow, which tasks join inside its `with` block.

    Args:
        name: Non-empty text.
        channel: The channel that the tasks share, or a function from a run's id to that run's
            channel, such as `RedisChannel.per_run` returns. By default, the channel that
            `ChannelFactory.create_channel` last made without a name, or else a new
            `MemoryChannel` for each run.

    Raises:
        WorkflowTypeError, WorkflowValueError: An argument is invalid.
    """
    return Workflow(name, channel=channel)
