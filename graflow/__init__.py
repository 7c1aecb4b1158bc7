"""Tasks that share state over typed channels, in memory or on Redis."""

from __future__ import annotations

import importlib
import typing

from graflow.channels.base import Channel
from graflow.channels.factory import ChannelBackend, ChannelFactory
from graflow.channels.keyed import KeyedChannel
from graflow.channels.keys.key import Key, ListKey
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys import KeyDescription, Keys, KeysDescription
from graflow.channels.keys.values import Values
from graflow.channels.keys_channel import KeysChannel
from graflow.channels.memory_channel import MemoryChannel, MemorySpace
from graflow.channels.operation.entry import Entry
from graflow.channels.per_run import PerRun
from graflow.channels.transactions import Transaction
from graflow.channels.typed import TypedChannel
from graflow.channels.watching.changes import KeyChange
from graflow.core.checkpoint.checkpoint import Checkpoint, read_checkpoint
from graflow.core.context import ExecutionContext, TaskExecutionContext
from graflow.core.decorators import task
from graflow.core.graph.task_node import TaskNode
from graflow.core.graph.workflow_graph import WorkflowGraph
from graflow.core.history.run_history import RunHistory
from graflow.core.history.task_history import TaskHistory
from graflow.core.registry.run_records import RunInfo, runs
from graflow.core.registry.stored_history import run_history
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
from graflow.core.run.observers import AsyncRunObserver, RunObserver
from graflow.core.task.composition import chain, parallel
from graflow.core.task.task import Task
from graflow.core.workflow import Workflow, workflow
from graflow.exceptions import (
    BlockingCallWarning,
    ChannelConflictError,
    ChannelConnectionError,
    ChannelDataError,
    ChannelError,
    ChannelKeyError,
    ChannelNotFoundError,
    ChannelOverflowError,
    ChannelPermissionError,
    ChannelServerError,
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelUnavailableError,
    ChannelValidationError,
    ChannelValueError,
    CheckpointDamagedError,
    CheckpointError,
    CheckpointFileError,
    CheckpointInUseError,
    CheckpointIsADirectoryError,
    CheckpointMismatchError,
    CheckpointNotFoundError,
    CheckpointPermissionError,
    CheckpointVersionError,
    CycleError,
    DuplicateTaskError,
    EvictionError,
    ExtraMissingError,
    FieldError,
    GraflowError,
    LockDeadlockError,
    LockLostError,
    LockReentryError,
    MissingParameterError,
    NeverRunWarning,
    OutcomeUnknownError,
    PrecedenceWarning,
    ResultNotFoundError,
    ResultTypeError,
    RunError,
    RunInProgressError,
    RunNotFoundError,
    RunSupersededError,
    SchemaError,
    TaskError,
    TaskFailedError,
    TaskNotFoundError,
    UnpicklableError,
    WorkerLostError,
    WorkflowError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
)

if typing.TYPE_CHECKING:
    from graflow.channels.aio.async_channel import AsyncChannel
    from graflow.channels.aio.async_keyed_channel import AsyncKeyedChannel
    from graflow.channels.aio.async_keys_channel import AsyncKeysChannel
    from graflow.channels.aio.async_transaction import AsyncTransaction
    from graflow.channels.aio.async_typed_channel import AsyncTypedChannel
    from graflow.channels.redis_channel import RedisChannel
    from graflow.channels.sqlite_channel import SQLiteChannel

__version__ = "0.1.0"

__all__ = [
    "AsyncChannel",
    "AsyncKeyedChannel",
    "AsyncKeysChannel",
    "AsyncRunObserver",
    "AsyncTransaction",
    "AsyncTypedChannel",
    "BlockingCallWarning",
    "Channel",
    "ChannelBackend",
    "ChannelConflictError",
    "ChannelConnectionError",
    "ChannelDataError",
    "ChannelError",
    "ChannelFactory",
    "ChannelKeyError",
    "ChannelNotFoundError",
    "ChannelOverflowError",
    "ChannelPermissionError",
    "ChannelServerError",
    "ChannelTimeoutError",
    "ChannelTypeError",
    "ChannelUnavailableError",
    "ChannelValidationError",
    "ChannelValueError",
    "Checkpoint",
    "CheckpointDamagedError",
    "CheckpointError",
    "CheckpointFileError",
    "CheckpointInUseError",
    "CheckpointIsADirectoryError",
    "CheckpointMismatchError",
    "CheckpointNotFoundError",
    "CheckpointPermissionError",
    "CheckpointVersionError",
    "CycleError",
    "DuplicateTaskError",
    "Emitted",
    "Entry",
    "EvictionError",
    "ExecutionContext",
    "ExtraMissingError",
    "FieldError",
    "GraflowError",
    "Key",
    "KeyChange",
    "KeyDescription",
    "KeyPattern",
    "KeyedChannel",
    "Keys",
    "KeysChannel",
    "KeysDescription",
    "ListKey",
    "LockDeadlockError",
    "LockLostError",
    "LockReentryError",
    "MemoryChannel",
    "MemorySpace",
    "MissingParameterError",
    "NeverRunWarning",
    "OutcomeUnknownError",
    "PerRun",
    "PrecedenceWarning",
    "RedisChannel",
    "ResultNotFoundError",
    "ResultTypeError",
    "RunEnded",
    "RunError",
    "RunEvent",
    "RunHistory",
    "RunInProgressError",
    "RunInfo",
    "RunNotFoundError",
    "RunObserver",
    "RunSupersededError",
    "SQLiteChannel",
    "SchemaError",
    "Task",
    "TaskError",
    "TaskEvent",
    "TaskExecutionContext",
    "TaskFailed",
    "TaskFailedError",
    "TaskFinished",
    "TaskHistory",
    "TaskNode",
    "TaskNotFoundError",
    "TaskRetried",
    "TaskStarted",
    "Transaction",
    "TypedChannel",
    "UnpicklableError",
    "Values",
    "WorkerLostError",
    "Workflow",
    "WorkflowError",
    "WorkflowGraph",
    "WorkflowStateError",
    "WorkflowTypeError",
    "WorkflowValueError",
    "chain",
    "parallel",
    "read_checkpoint",
    "run_history",
    "runs",
    "task",
    "workflow",
]

_LATER = {
    "AsyncChannel": "graflow.channels.aio.async_channel",
    "AsyncKeyedChannel": "graflow.channels.aio.async_keyed_channel",
    "AsyncKeysChannel": "graflow.channels.aio.async_keys_channel",
    "AsyncTransaction": "graflow.channels.aio.async_transaction",
    "AsyncTypedChannel": "graflow.channels.aio.async_typed_channel",
    "RedisChannel": "graflow.channels.redis_channel",
    "SQLiteChannel": "graflow.channels.sqlite_channel",
}


def __getattr__(name: str) -> typing.Any:
    """Import a channel when it is first asked for, if what it needs takes long to import."""
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'graflow' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List all public names, with those that are not imported yet."""
    return sorted({*globals(), *__all__})
