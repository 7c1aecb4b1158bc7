"""Tasks: functions with an id, their order, their results and their retries."""

from graflow.core.task.composition import chain, parallel
from graflow.core.task.task import Task

__all__ = ["Task", "chain", "parallel"]
