"""The time of a trial: moved at will, or real and waited for."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from graflow.testing.harness import Harness
from graflow.testing.trials.model import Model
from graflow.testing.trials.steps import Body, Expected, Gave, Left, Step, Updater

__all__ = ["Timing", "is_left"]

_SLACK = 0.05  # seconds by which two clocks may differ
_MARGIN = 0.2  # seconds around an expiry in which nothing is read, if time is real
_REAL_SCALE = 0.01  # real seconds for a second of a script, if time can't be moved


class Timing:
    """The clock of a backend, and steps made short enough to wait for where it can't be moved.

    Attributes:
        is_real: Whether time can't be moved.
    """

    def __init__(self, harness: Harness, model: Model) -> None:
        """Begin now.

        Args:
            harness: Moves the time of the backend, if anything does.
            model: Is told the time where it is real.
        """
        self.is_real = harness.advance is None
        self._advance = _sleep if harness.advance is None else _named(harness.advance)
        self._model = model
        self._started = time.monotonic()

    def advance(self, seconds: float, names: Sequence[str]) -> None:
        """Let time pass on the backend, for the channels of these names at least."""
        self._advance(seconds, names)

    def settle(self) -> None:
        """If time is real, keep steps away from moments at which something expires."""
        if not self.is_real:
            return
        model = self._model
        model.now = time.monotonic()
        near = [at for at in model.deadlines() if abs(at - model.now) < _MARGIN]
        if near:
            time.sleep(max(near) + _MARGIN - model.now)
            model.now = time.monotonic()

    def scaled(self, step: Step) -> Step:
        """Return a step with the times that can be waited for, where time is real."""
        if not self.is_real:
            return step
        args, options = step.args, step.options
        if step.operation == "advance":
            args = (step.args[0] * _REAL_SCALE,)
        elif step.operation == "touch" and len(args) > 1 and _is_span(args[1]):
            args = (args[0], args[1] * _REAL_SCALE)
        elif _is_span(options.get("ttl")):
            options = {**options, "ttl": options["ttl"] * _REAL_SCALE}
        args = tuple(self._scaled_argument(each) for each in args)
        return Step(step.operation, args, options, step.channel, step.handle)

    def scaled_outcome(self, outcome: Expected) -> Expected:
        """Return the outcome of a step that was scaled."""
        if self.is_real and isinstance(outcome, Gave):
            return Gave(_scaled_result(outcome.value))
        return outcome

    def is_left(self, expected: float, found: object) -> bool:
        """Tell whether a number of seconds is what is left of those that were expected."""
        slack = _MARGIN if self.is_real else _SLACK
        return is_left(expected, found, since=self._started, slack=slack)

    def _scaled_argument(self, value: Any) -> Any:
        if isinstance(value, Updater) and value.meanwhile is not None:
            return Updater(value.source, self.scaled(value.meanwhile))
        if isinstance(value, Body):
            meanwhile = None if value.meanwhile is None else self.scaled(value.meanwhile)
            return Body(tuple(map(self.scaled, value.steps)), meanwhile, value.fails)
        return value


def _sleep(seconds: float, names: Sequence[str]) -> None:
    time.sleep(seconds)


def _named(advance: Callable[..., Any]) -> Callable[[float, Sequence[str]], Any]:
    """Return a harness's function that moves time, called with the names if it asks for them."""
    try:
        takes_names = "names" in inspect.signature(advance).parameters
    except (TypeError, ValueError):  # such as that of `time.sleep`
        takes_names = False
    if takes_names:
        return lambda seconds, names: advance(seconds, names=names)
    return lambda seconds, names: advance(seconds)


def is_left(expected: float, found: object, *, since: float, slack: float = _SLACK) -> bool:
    """Tell whether a number of seconds is what is left of those that were expected.

    Args:
        expected: What was left at `since`, or later.
        found: What is left now.
        since: A moment on the clock of `time.monotonic`. However long a busy machine took since
            then, so much less may be left, and no less than that.
        slack: By how many seconds clocks may differ.
    """
    passed = time.monotonic() - since
    return type(found) is float and expected - passed - slack <= found <= expected + slack


def _scaled_result(result: Any) -> Any:
    """Return a result of which each part that is a time is scaled."""
    if isinstance(result, Left):
        return Left(result.seconds * _REAL_SCALE)
    if type(result) in {list, tuple}:
        return type(result)(map(_scaled_result, result))
    return result


def _is_span(ttl: object) -> bool:
    """Tell whether a time to live can be scaled and stays valid."""
    if isinstance(ttl, timedelta):
        return timedelta(seconds=1) <= ttl < timedelta(days=36_000)
    return type(ttl) in {int, float} and 1 <= ttl < 3e9  # type: ignore[operator]
