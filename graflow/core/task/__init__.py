"""Tasks: functions with an id, what their signatures say, and how they are put in order."""

from graflow.core.task.composition import chain, parallel
from graflow.core.task.task import Task

__all__ = ["Task", "chain", "parallel"]
