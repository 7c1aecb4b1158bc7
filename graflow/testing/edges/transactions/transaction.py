"""Steps that are transactions, and what they have to raise."""

from __future__ import annotations

from typing import Any

from graflow.exceptions import ChannelError
from graflow.testing.trials.steps import Body, Step, do
from graflow.testing.trials.trial import Trial

__all__ = ["require_error", "tx"]


def tx(*steps: Step, meanwhile: Step | None = None, fails: bool = False) -> Step:
    """Return a transaction of some steps.

    Args:
        steps: The steps, in order.
        meanwhile: What another handle does before the first attempt ends.
        fails: Whether the function raises at its end.
    """
    other = None if meanwhile is None else meanwhile.on("job", 1)
    return do("transact", Body(steps, other, fails))


def require_error(trial: Trial, kind: type[ChannelError], fn: Any, options: Any) -> None:
    """Require that a transaction raises an error."""
    try:
        trial.open("job").transact(fn, **options)
    except kind:
        return
    except ChannelError as error:
        trial.require(False, f"it raises {kind.__name__}; it raised {error!r}")
    trial.require(False, f"it raises {kind.__name__}")
