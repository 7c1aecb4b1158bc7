"""Tasks: functions with an id, how they are put in order, and how often they are tried."""

from graflow.core.task.composition import chain, parallel
from graflow.core.task.task import Task

__all__ = ["Task", "chain", "parallel"]
