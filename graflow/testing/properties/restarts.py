"""Restarts: times to live go on, and fences grow, when what stores the channels starts again."""

from __future__ import annotations

from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.properties.means import require_restart
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = ["check_restart"]

_FENCE = "A fence is larger than every earlier fence of this channel, even after the server lost"
_TTL = "seconds left, `None` if the key does not expire"


def check_restart(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let time pass, restart, and look at what is left; take a lock before and after."""
    if harness.advance is not None and "ttl" not in capabilities.unsupported:
        with Trial(harness, _TTL) as trial:
            for step in (
                do("set", "key", 1, ttl=5_050),
                do("append", "list", 1, ttl=2_050),
                do("set", "soon", 1, ttl=1_550),
                do("set", "lasts", 1, ttl=1_050),
                do("set", "lasts", 2),
                do("advance", 1_000),
            ):
                trial.check(step)
            trial.note("# a restart")
            require_restart(harness)
            trial.look(["job"])
            trial.check(do("advance", 1_000))
            trial.look(["job"])
    if "lock" not in capabilities.unsupported:
        with Trial(harness, _FENCE) as trial:
            backend = trial.open("job").backend
            trial.note("# a lock is taken and given back, before a restart and after it")
            before = backend.acquire("key", "one", 60_000)
            backend.release("key", "one")
            require_restart(harness)
            after = trial.open("job", 1).backend.acquire("key", "two", 60_000)
            trial.require(
                isinstance(before, int) and isinstance(after, int) and after > before,
                f"{_FENCE}: {before}, {after}",
            )
            trial.open("job", 1).backend.release("key", "two")
