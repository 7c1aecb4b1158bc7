"""Keys of results: under which of a channel's keys is what a task has returned."""

from __future__ import annotations

from typing import Any, Final

from graflow.channels.keys.key import ResultKey
from graflow.core.task.hint import Hint

__all__ = ["SUFFIX", "declared_result", "result_key"]

SUFFIX: Final = ".__result__"
"""What the keys of results end with."""


def result_key(task_id: str) -> str:
    """Return the channel key under which users find the latest result of a task."""
    return f"{task_id}{SUFFIX}"


def declared_result(task_id: str, hint: Hint) -> ResultKey[Any]:
    """Return the key of what a task returns, for channels with declared keys.

    Args:
        task_id: The id of the task.
        hint: That of the return annotation.
    """
    form = Any if hint.schema is None else hint.schema
    return ResultKey(form, name=result_key(task_id))
