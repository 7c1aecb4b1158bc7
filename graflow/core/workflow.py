"""`workflow`: tasks in their order, ready to run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, Token, copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, overload
from uuid import uuid4

from graflow.channels.base import Channel
from graflow.channels.factory import default_channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.core.context import ExecutionContext
from graflow.core.engine import Run
from graflow.core.graph import Graph
from graflow.core.node import chain, open_graphs, parallel
from graflow.core.task import Task, check_text
from graflow.exceptions import WorkflowStateError, WorkflowTypeError, WorkflowValueError

if TYPE_CHECKING:
    AnyTask: TypeAlias = Task[..., Any]

__all__ = ["Workflow", "chain", "parallel", "workflow"]

ChannelSource = Channel | Callable[[str], Channel]
"""A channel, or a function that gets the id of a run and returns the channel of that run."""


class Workflow:
    """Tasks in their order; `workflow(name)` makes one.

    Inside its `with` block tasks join it: those that are decorated there, those that are
    called there, and those that are put together with `>>`, `|`, `chain` and `parallel`.
    """

    def __init__(self, name: str, *, channel: ChannelSource | None = None) -> None:
        """Make a workflow without tasks; `workflow` explains the arguments."""
        self._name = check_text(name, "workflow name")
        if channel is not None and not isinstance(channel, Channel) and not callable(channel):
            raise WorkflowTypeError(
                f"channel must be a Channel, or a function that gets the id of a run and returns "
                f"one, not {type(channel).__name__}",
                workflow=self._name,
            )
        self._channel = default_channel() if channel is None else channel
        self._graph = Graph(self._name)
        self._tokens: list[Token[tuple[Graph, ...]]] = []

    @property
    def name(self) -> str:
        """The workflow's name."""
        return self._name

    def __repr__(self) -> str:
        """Show the name."""
        return f"<workflow {self._name!r}>"

    def __enter__(self) -> Self:
        """Let tasks join the workflow until the block ends."""
        self._tokens.append(open_graphs.set((*open_graphs.get(), self._graph)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let no more tasks join."""
        open_graphs.reset(self._tokens.pop())

    @overload
    def execute(
        self,
        start_node: AnyTask | str | None = None,
        ret_context: Literal[False] = False,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
    ) -> Any: ...
    @overload
    def execute(
        self,
        start_node: AnyTask | str | None = None,
        *,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
    ) -> tuple[Any, ExecutionContext]: ...
    @overload
    def execute(
        self,
        start_node: AnyTask | str | None,
        ret_context: Literal[True],
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
    ) -> tuple[Any, ExecutionContext]: ...
    def execute(
        self,
        start_node: AnyTask | str | None = None,
        ret_context: bool = False,
        initial_channel: Mapping[str, object] | None = None,
        max_workers: int | None = None,
    ) -> Any:
        """Run the tasks, each as soon as what it waits for is done, and wait for all of them.

        Args:
            start_node: A task or its id: run it and what follows it, and nothing else.
            ret_context: Whether to return the context of the run as well, which has the
                channel and all results.
            initial_channel: Values to put into the channel first, by key.
            max_workers: How many tasks may run at the same time, >= 1; by default four more
                than there are processors, and 32 at most.

        Returns:
            What the last task returned, or a dict by task id where several end the graph. With
            `ret_context` a tuple of that and the `ExecutionContext`.

        Raises:
            CycleError: Tasks wait for each other; nothing has run.
            TaskNotFoundError: There is no task `start_node`.
            TaskFailedError: Tasks raised.
            WorkflowStateError: There are no tasks.
            WorkflowTypeError, WorkflowValueError: An argument can't be taken.
        """
        workers = self._check_workers(max_workers)
        plan = self._graph.plan(start_node)
        if not plan.tasks:
            raise WorkflowStateError(
                f"workflow {self._name!r} has no tasks; put them together inside its `with` block",
                workflow=self._name,
            )
        context = self._open_run(plan.tasks)
        if initial_channel is not None:
            self._fill(context.get_channel(), initial_channel)
        with ThreadPoolExecutor(workers, thread_name_prefix=f"graflow-{self._name}") as executor:
            results = Run(plan, context, _variables(), executor, workers).execute()
        result = next(iter(results.values())) if len(results) == 1 else results
        return (result, context) if ret_context else result

    def _open_run(self, tasks: Mapping[str, AnyTask]) -> ExecutionContext:
        run_id = uuid4().hex
        source = self._channel
        channel = source if source is None or isinstance(source, Channel) else source(run_id)
        if channel is not None and not isinstance(channel, Channel):
            raise WorkflowTypeError(
                f"the function that makes the channel of a run returned a "
                f"{type(channel).__name__}, not a Channel",
                workflow=self._name,
            )
        return ExecutionContext(
            MemoryChannel() if channel is None else channel,
            run_id=run_id,
            workflow_name=self._name,
            tasks=tasks,
        )

    def _fill(self, channel: Channel, values: object) -> None:
        if not isinstance(values, Mapping):
            raise WorkflowTypeError(
                f"initial_channel takes a mapping of keys to values, not a "
                f'{type(values).__name__}; to choose the channel write workflow("name", '
                "channel=...)",
                workflow=self._name,
            )
        channel.set_many(values)

    def _check_workers(self, number: object) -> int:
        if number is None:
            return min(32, (os.cpu_count() or 1) + 4)
        if isinstance(number, bool) or not isinstance(number, int):
            raise WorkflowTypeError(
                f"max_workers must be an int, not {type(number).__name__}", workflow=self._name
            )
        if number < 1:
            raise WorkflowValueError(
                f"max_workers must be at least 1, not {number}", workflow=self._name
            )
        return number


def workflow(name: str, *, channel: ChannelSource | None = None) -> Workflow:
    """Make a workflow, whose `with` block its tasks join.

    Args:
        name: Non-empty text.
        channel: What the tasks share, or a function that gets the id of each run and returns
            the channel of that run. By default what `ChannelFactory.create_channel` made last
            without a name, else a new `MemoryChannel` for each run.

    Raises:
        WorkflowTypeError, WorkflowValueError: An argument can't be taken.
    """
    return Workflow(name, channel=channel)


def _variables() -> Context:
    """Return the caller's `ContextVar`s for the tasks, to whom no workflow is open."""
    variables = copy_context()
    variables.run(open_graphs.set, ())
    return variables
