"""Retry policy of a task: how often a failed task is retried, and after what delay."""

from __future__ import annotations

from typing import Any, NamedTuple

from graflow.channels.arguments import Seconds, milliseconds
from graflow.exceptions import (
    ChannelTypeError,
    ChannelValueError,
    WorkflowTypeError,
    WorkflowValueError,
)
from graflow.system.clock import followed
from graflow.system.extras import require

__all__ = ["Attempts", "Retries", "check_retries"]

_LONGEST_PAUSE = 60.0  # seconds


class Retries(NamedTuple):
    """How often a task is retried.

    Attributes:
        most: The most attempts after the first, >= 1.
        delay: Seconds before the first of them. Each pause is twice as long as the one before, up
            to a minute, plus a random extra of up to `delay`; none where a test moves the clock.
    """

    most: int
    delay: float


def check_retries(most: object, delay: Seconds) -> Retries | None:
    """Return the retry policy for these arguments of `@task`; `None` for no retries.

    Raises:
        WorkflowTypeError, WorkflowValueError: An argument is invalid.
        ExtraMissingError: tenacity is not installed.
    """
    if isinstance(most, bool) or not isinstance(most, int):
        raise WorkflowTypeError(f"max_retries must be an int, not {type(most).__name__}")
    if most < 0:
        raise WorkflowValueError(f"max_retries must be at least 0, not {most}")
    try:
        seconds = milliseconds(delay, "retry_delay", or_zero=True) / 1000
    except ChannelTypeError as error:
        raise WorkflowTypeError(str(error)) from error
    except ChannelValueError as error:
        raise WorkflowValueError(str(error)) from error
    if not most:
        return None
    _tenacity()  # fail now, rather than when a task has failed
    return Retries(most, seconds)


class Attempts:
    """The attempts at one task.

    Attributes:
        number: The number of the current attempt, from 1.
    """

    def __init__(self, retries: Retries) -> None:
        """Begin the first attempt."""
        tenacity = _tenacity()
        extra = retries.delay if followed() is None else 0
        self.number = 1
        self._policy = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(1 + retries.most),
            wait=tenacity.wait_exponential(retries.delay, max=_LONGEST_PAUSE)
            + tenacity.wait_random(0, extra),
            retry=tenacity.retry_if_exception_type(Exception),
        )
        self._state = tenacity.RetryCallState(self._policy, None, (), {})

    def fail(self, error: BaseException) -> float | None:
        """Return the seconds until the next attempt; `None` if this was the last."""
        state = self._state
        state.set_exception((type(error), error, error.__traceback__))
        if not self._policy.retry(state) or self._policy.stop(state):
            return None
        pause: float = self._policy.wait(state)
        state.prepare_for_next_attempt()
        self.number += 1
        return pause


def _tenacity() -> Any:
    return require("tenacity", "retries", "@task(max_retries=...)")
