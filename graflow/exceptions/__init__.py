"""Exceptions: every error that graflow raises, under one root.

Each is also the built-in exception that a Python programmer would catch, so `except KeyError`
around a typed `get` works without importing anything from here. Exceptions of redis-py, pydantic
and the codec never escape a channel; they become the `__cause__` of one of these. All of them can
be pickled.
"""

from __future__ import annotations

from graflow.exceptions.channel_errors import (
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
    ChannelValueError,
    EvictionError,
    LockDeadlockError,
    LockLostError,
    LockReentryError,
    OutcomeUnknownError,
)
from graflow.exceptions.checkpoint_errors import (
    CheckpointDamagedError,
    CheckpointError,
    CheckpointFileError,
    CheckpointInUseError,
    CheckpointIsADirectoryError,
    CheckpointMismatchError,
    CheckpointNotFoundError,
    CheckpointPermissionError,
    CheckpointVersionError,
)
from graflow.exceptions.root import (
    GraflowError,
)
from graflow.exceptions.schema_errors import (
    ChannelValidationError,
    FieldError,
    SchemaError,
)
from graflow.exceptions.task_errors import (
    MissingParameterError,
    ResultNotFoundError,
    ResultTypeError,
    TaskError,
    TaskFailedError,
    UnpicklableError,
    WorkerLostError,
    _failed_again,
)
from graflow.exceptions.workflow_errors import (
    BlockingCallWarning,
    CycleError,
    DuplicateTaskError,
    ExtraMissingError,
    NeverRunWarning,
    PrecedenceWarning,
    RunError,
    RunInProgressError,
    RunNotFoundError,
    RunSupersededError,
    TaskNotFoundError,
    WorkflowError,
    WorkflowStateError,
    WorkflowTypeError,
    WorkflowValueError,
)

__all__ = [
    "BlockingCallWarning",
    "ChannelConflictError",
    "ChannelConnectionError",
    "ChannelDataError",
    "ChannelError",
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
    "EvictionError",
    "ExtraMissingError",
    "FieldError",
    "GraflowError",
    "LockDeadlockError",
    "LockLostError",
    "LockReentryError",
    "MissingParameterError",
    "NeverRunWarning",
    "OutcomeUnknownError",
    "PrecedenceWarning",
    "ResultNotFoundError",
    "ResultTypeError",
    "RunError",
    "RunInProgressError",
    "RunNotFoundError",
    "RunSupersededError",
    "SchemaError",
    "TaskError",
    "TaskFailedError",
    "TaskNotFoundError",
    "UnpicklableError",
    "WorkerLostError",
    "WorkflowError",
    "WorkflowStateError",
    "WorkflowTypeError",
    "WorkflowValueError",
]

for _name in (*__all__, _failed_again.__name__):
    # Tracebacks show where users import an error from, and pickles name it: those of another
    # version of graflow too, whatever the modules in here are called.
    globals()[_name].__module__ = __name__
del _name
