"""Contexts: a run as its owner and its tasks see it, with the channel and the results."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, overload
from uuid import uuid4

from typing_extensions import TypeForm, override

from graflow.channels.arguments import MISSING
from graflow.channels.base import Channel
from graflow.channels.codec.codec import encode_item
from graflow.channels.keyed import KeyedChannel
from graflow.channels.keys.keys import Keys
from graflow.channels.keys_channel import KeysChannel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.typed import TypedChannel
from graflow.core.graph.workflow_graph import WorkflowGraph, loose_graph
from graflow.core.history.run_history import RunHistory, noted_history
from graflow.core.history.trail import Trail
from graflow.core.registry.stored_history import run_history
from graflow.core.state.results import Results
from graflow.core.state.run_state import RunState
from graflow.core.task.hint import Hint
from graflow.core.task.result_key import result_key
from graflow.core.task.task import Task, check_text
from graflow.exceptions import ResultNotFoundError, WorkflowTypeError
from graflow.system.notebooks import Shown, Sight

__all__ = ["ExecutionContext", "TaskExecutionContext"]

C = TypeVar("C", bound=Keys)
T = TypeVar("T")
D = TypeVar("D")

_NOTHING = object()
_ANYTHING = Hint()


class ExecutionContext(Shown):
    """One run of a workflow: its channel, and its results.

    Attributes:
        run_id: The unique id of the run.
        workflow_name: The name of the workflow.
    """

    run_id: str
    workflow_name: str

    def __init__(
        self,
        channel: Channel | None = None,
        *,
        run_id: str | None = None,
        workflow_name: str = "",
        tasks: Mapping[str, Task[..., Any]] = MappingProxyType({}),
    ) -> None:
        """Make the context of a run.

        Args:
            channel: The channel that the tasks share; by default a new `MemoryChannel`.
            run_id: The id of the run whose results `get_result` returns. By default a new id,
                and `get_result` returns the latest results in the channel.
            workflow_name: The name of the workflow.
            tasks: The tasks of the run by their ids, for the types of their results.
        """
        channel = MemoryChannel() if channel is None else channel
        results = Results(channel, run_id)
        run_id = uuid4().hex if run_id is None else run_id
        self._show(RunState(run_id, workflow_name, channel, tasks, results))

    def _show(self, state: RunState) -> None:
        self.run_id, self.workflow_name = state.run_id, state.workflow_name
        self._state = state

    @overload
    def get_channel(self) -> Channel: ...
    @overload
    def get_channel(self, keys: type[C], *, strict: bool = ...) -> KeysChannel[C]: ...
    def get_channel(self, keys: type[Keys] | None = None, *, strict: bool = True) -> Any:
        """Return the channel that all tasks of the run share.

        Args:
            keys: A class of `Keys`; the channel then has its keys, with the types of their values.
            strict: `False` lets pydantic convert the values of these keys to fit, such as `"1"` to
                `1`.

        Raises:
            SchemaError: It is not a class of `Keys`, or the type of a key can't be a schema.
        """
        channel, results = self._state.channel, self._state.results.prefix
        return (
            channel if keys is None else KeysChannel(channel, keys, strict=strict, results=results)
        )

    def get_typed_channel(self, schema: TypeForm[T], *, strict: bool = True) -> TypedChannel[T]:
        """Return the run's channel behind a schema.

        Args:
            schema: A `TypedDict`, or another type that pydantic can check and that survives a
                round trip through JSON.
            strict: `False` lets pydantic convert values to fit, such as `"1"` to `1`.

        Raises:
            SchemaError: The type can't be a schema.
        """
        return TypedChannel(self._state.channel, schema, strict=strict)

    def get_keyed_channel(self, schema: TypeForm[T], *, strict: bool = True) -> KeyedChannel[T]:
        """Return the run's channel, with the keys and types that a `TypedDict` lists.

        Args:
            schema: A `TypedDict` class, whose fields are the keys.
            strict: `False` lets pydantic convert values to fit, such as `"1"` to `1`.

        Raises:
            SchemaError: It is not a `TypedDict`, or the type of a key can't be a schema.
        """
        return KeyedChannel(self._state.channel, schema, strict=strict)

    @classmethod
    def of_run(cls, state: RunState) -> ExecutionContext:
        """Return the context of a run, which may be over."""
        context = ExecutionContext.__new__(ExecutionContext)
        context._show(state)
        return context

    @overload
    def get_result(self, task: Task[..., Coroutine[Any, Any, T]]) -> T: ...
    @overload
    def get_result(self, task: Task[..., Coroutine[Any, Any, T]], default: D) -> T | D: ...
    @overload
    def get_result(self, task: Task[..., T]) -> T: ...
    @overload
    def get_result(self, task: Task[..., T], default: D) -> T | D: ...
    @overload
    def get_result(self, task: str, default: object = ...) -> Any: ...
    def get_result(self, task: Task[..., Any] | str, default: Any = MISSING) -> Any:
        """Return what a task returned in this run.

        Args:
            task: The task, which also gives the result its static type, or the task's id.
            default: Returned if there is no result.

        Raises:
            ResultNotFoundError: There is no result, and no default was given.
            ChannelValidationError: The result does not fit the task's return annotation.
        """
        if not isinstance(task, Task | str):
            raise WorkflowTypeError(
                f"get_result takes a task or its id, not {type(task).__name__}",
                workflow=self.workflow_name,
            )
        task_id = task if isinstance(task, str) else task.task_id
        known = self._state.tasks.get(task) if isinstance(task, str) else task
        hint = _ANYTHING if known is None else known.signature.result
        value = self._state.results.load(task_id, hint, _NOTHING)
        if value is not _NOTHING:
            return value
        if default is not MISSING:
            return default
        raise self._no_result(task_id)

    def history(self) -> RunHistory:
        """Return what has happened to the tasks of the run until now.

        In a task of a run on a channel of its own in memory, it knows which tasks have finished,
        but neither times nor attempts, unless somebody gets the run's context: through
        `execute(ret_context=True)`, or at the end of a stream.

        Raises:
            RunNotFoundError: The channel has forgotten the run.
            ChannelDataError: What is stored was not written by graflow.
        """
        state = self._state
        if state.is_registered:
            return run_history(state.channel, state.run_id)
        trail = state.trail or Trail(self._loose_graph, notes=False)
        return noted_history(trail, state.run_id, state.results.tasks())

    def __repr__(self) -> str:
        """Show the run, the workflow and the channel, without asking the channel for anything."""
        known = vars(self)  # a debugger may look before `__init__` has ended
        if "_state" not in known:
            return f"<{type(self).__name__}, not made yet>"
        return f"<{self._shown_run()} on {self._state.channel!r}>"

    def _shown_run(self) -> str:
        workflow = f" of workflow {self.workflow_name!r}" if self.workflow_name else ""
        return f"run {self.run_id!r}{workflow}"

    @override
    def _sight(self) -> Sight | None:
        from graflow.core.history.sights import sight_of  # noqa: PLC0415 - few need it

        history = self.history()
        return sight_of(history) if history.tasks else None

    def _loose_graph(self) -> WorkflowGraph:
        return loose_graph(self.workflow_name, self._state.tasks.values())

    def _no_result(self, task_id: str) -> ResultNotFoundError:
        available = self._state.results.tasks()
        message = f"there is no result of task {task_id!r}; the tasks with results are: " + (
            ", ".join(map(repr, available)) or "none"
        )
        key = result_key(task_id)
        if self._state.channel.exists(key):
            message += (
                f"; the value under {key!r} in the channel was not stored by this run; "
                "channel.get reads it"
            )
        return ResultNotFoundError(
            message,
            workflow=self.workflow_name,
            task=task_id,
            available=tuple(available),
        )


class TaskExecutionContext(ExecutionContext):
    """A run as one of its tasks sees it; `@task(inject_context=True)` passes it in.

    Attributes:
        task_id: The id of the task.
    """

    task_id: str

    def __init__(
        self,
        task_id: str,
        channel: Channel | None = None,
        *,
        run_id: str | None = None,
        workflow_name: str = "",
        tasks: Mapping[str, Task[..., Any]] = MappingProxyType({}),
    ) -> None:
        """Make the context of a task, for instance to call `task.run(context, ...)` in a test.

        Args:
            task_id: The id of the task.
            channel: The channel that the tasks share; by default a new `MemoryChannel`.
            run_id: As for `ExecutionContext`.
            workflow_name: The name of the workflow.
            tasks: The tasks of the run by their ids, for the types of their results.
        """
        super().__init__(channel, run_id=run_id, workflow_name=workflow_name, tasks=tasks)
        self.task_id = check_text(task_id, "task_id")

    @override
    def _shown_run(self) -> str:
        return f"task {vars(self).get('task_id')!r} in {super()._shown_run()}"

    @classmethod
    def of_task(cls, task_id: str, state: RunState) -> TaskExecutionContext:
        """Return the context of a task in a run."""
        context = cls.__new__(cls)
        context._show(state)
        context.task_id = task_id
        return context

    def checkpoint(self, metadata: Mapping[str, object] | None = None) -> None:
        """Attach metadata to the checkpoint that is saved when this task ends.

        The checkpoint of `execute(checkpoint=...)` is saved then anyway. Without a checkpoint,
        this does nothing. If it is called several times, the last call counts.

        Args:
            metadata: Text keys, and values that a channel can store; `read_checkpoint` returns
                them under the task's id.

        Raises:
            WorkflowTypeError: It is not a mapping with text keys.
            ChannelTypeError, ChannelValueError: A value can't be stored.
        """
        said: Any = {} if metadata is None else metadata
        if not isinstance(said, Mapping) or not all(type(key) is str for key in said):
            raise WorkflowTypeError(
                f"metadata must be a mapping with text keys, not {said!r}",
                workflow=self.workflow_name,
            )
        self._state.metadata[self.task_id] = encode_item(dict(said))

    def emit(self, value: object) -> None:
        """Send a value to whoever watches the run: its stream, and observers with `emitted`.

        It arrives while the task runs, whatever process that is in. If the consumer of the stream
        is slow, this waits until there is room for the value, so that nothing gets lost. In a
        coroutine on an event loop, `await ctx.aemit(...)` instead.

        Values of an attempt that fails, and of an atomic task that starts over, stay sent. Those of
        a thread that outlives the run go nowhere.

        Args:
            value: Plain data, as a channel stores it; whoever watches gets a copy.

        Raises:
            ChannelTypeError, ChannelValueError: It is something else; nothing was sent.
        """
        record = encode_item(value)
        if self._state.emitter is not None:
            self._state.emitter.emit(self.task_id, record)

    async def aemit(self, value: object) -> None:
        """Send a value as `emit` does; while there is no room, other coroutines go on."""
        record = encode_item(value)
        if self._state.emitter is not None:
            await self._state.emitter.aemit(self.task_id, record)
