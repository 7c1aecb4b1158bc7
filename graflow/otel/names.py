"""Names of spans' attributes and events, and of metrics, as docs/telemetry.md lists them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ACTIVE_RUNS",
    "ACTIVE_TASKS",
    "ATTEMPT",
    "ATTEMPTS",
    "ERROR",
    "FINISHED_BEFORE",
    "FUNCTION",
    "LOST_LOCKS",
    "OPERATION",
    "OPERATIONS",
    "OUTCOME",
    "PAUSE",
    "PORT",
    "RESENDS",
    "RETRIED",
    "RETRIES",
    "RUN",
    "RUNS",
    "SERVER",
    "SYSTEM",
    "TASK",
    "TASKS",
    "TASK_COUNT",
    "UNKNOWN_OUTCOMES",
    "WAITED_FOR",
    "WAITS",
    "WORKFLOW",
]

# Attributes of OpenTelemetry's semantic conventions.
ERROR: Final = "error.type"
FUNCTION: Final = "code.function.name"
OPERATION: Final = "db.operation.name"
PORT: Final = "server.port"
SERVER: Final = "server.address"
SYSTEM: Final = "db.system.name"

# Attributes of our own.
ATTEMPT: Final = "graflow.task.attempt"
ATTEMPTS: Final = "graflow.task.attempts"
FINISHED_BEFORE: Final = "graflow.run.tasks.finished_before"
OUTCOME: Final = "graflow.outcome"
PAUSE: Final = "graflow.task.pause"
RUN: Final = "graflow.run.id"
TASK: Final = "graflow.task.id"
TASK_COUNT: Final = "graflow.run.tasks"
WAITED_FOR: Final = "graflow.wait.for"
WORKFLOW: Final = "graflow.workflow.name"

# Events of spans.
RETRIED: Final = "graflow.task.retried"

# Metrics.
ACTIVE_RUNS: Final = "graflow.run.active"
ACTIVE_TASKS: Final = "graflow.task.active"
LOST_LOCKS: Final = "graflow.channel.lock.lost"
OPERATIONS: Final = "graflow.channel.operation.duration"
RESENDS: Final = "graflow.channel.resends"
RETRIES: Final = "graflow.task.retries"
RUNS: Final = "graflow.run.duration"
TASKS: Final = "graflow.task.duration"
UNKNOWN_OUTCOMES: Final = "graflow.channel.unknown_outcomes"
WAITS: Final = "graflow.channel.wait.duration"
