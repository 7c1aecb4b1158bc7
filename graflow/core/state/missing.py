"""The error for a parameter without a value, which says where one could have come from."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from graflow.core.state.results import is_result
from graflow.core.state.run_state import RunState
from graflow.exceptions import ChannelError, MissingParameterError

__all__ = ["missing"]

_MOST_LISTED: Final = 8


def missing(name: str, task_id: str, state: RunState) -> MissingParameterError:
    """Return the error for a parameter of a task that is not bound and has no default.

    Args:
        name: The parameter's name, which no key of the channel has.
        task_id: The task's id.
        state: The run.
    """
    return MissingParameterError(
        f"there is no value for parameter {name!r} of task {task_id!r}; bind one, as in "
        f"{task_id}({name}=...), store one under the channel key {name!r} before the "
        "task starts, as execute(initial_channel=...) does, or give it a default"
        + _hint(name, state),
        task=task_id,
        parameter=name,
    )


def _hint(name: str, state: RunState) -> str:
    """Return what may have been meant: a result, or a key whose name is spelled otherwise."""
    if name in state.tasks:
        return (
            f". {name!r} is also a task, but results are not passed by name: "
            f"ctx.get_result({name!r}) returns its result"
        )
    try:
        every = state.channel.keys()
    except ChannelError:
        return ""  # the run fails anyway, and its channel may have done so too
    keys = sorted(key for key in every if not is_result(key))
    close = [each for each in keys if each.lower() == name.lower()]
    close = close or get_close_matches(name, keys, n=1)
    if close:
        return f". Did you mean the channel key {close[0]!r}?"
    if not keys:
        return ". The channel has no keys yet"
    more = len(keys) - _MOST_LISTED
    listed = ", ".join(map(repr, keys[:_MOST_LISTED])) + (f" and {more:,} more" * (more > 0))
    return f". The channel has the keys {listed}"
