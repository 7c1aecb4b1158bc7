"""Promises of a backend: pickled handles, sharing among processes, and what it lacks."""

from __future__ import annotations

import pickle
from collections.abc import Callable

from graflow.channels.base import Channel
from graflow.exceptions import ChannelTypeError
from graflow.testing.budget import Budget
from graflow.testing.harness import OPTIONAL, Capabilities, Harness
from graflow.testing.trials.equality import same
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = ["check_pickle", "check_shared", "check_unsupported"]


def check_pickle(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Pickle a handle: it works where it is loaded, or says why it can't leave its process."""
    with Trial(harness, "Handles can be pickled and work in the process that loads them") as trial:
        trial.check(do("set", "key", {"a": (1,)}))
        channel = trial.open("job")
        trial.note("import pickle; pickle.loads(pickle.dumps(a)).get('key')")
        if not capabilities.shared:
            _require_refusal(trial, channel)
            return
        copy: Channel = pickle.loads(pickle.dumps(channel))
        trial.require(copy.name == trial.name("job"), "the copy is of the same channel")
        trial.require(same(copy.get("key"), {"a": (1,)}), "the copy reads what the original wrote")
        copy.set("key", 2)
        copy.close()
        trial.require(channel.get("key") == 2, "the original reads what the copy wrote")


def _require_refusal(trial: Trial, channel: Channel) -> None:
    try:
        pickle.dumps(channel)
    except ChannelTypeError:
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the wrong one
        trial.require(False, f"a handle that can't leave its process says so; it raised {error!r}")
    trial.require(
        False, "a handle that can't leave its process refuses to be pickled with ChannelTypeError"
    )


def check_shared(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Ask a handle whether processes share its keys: a run relies on the answer."""
    clause = "A channel says whether other processes reach its keys"
    with Trial(harness, clause) as trial:
        channel = trial.open("job")
        trial.note("a.shared")
        trial.require(
            channel.shared is capabilities.shared,
            f"`shared` is {channel.shared}, and the capabilities say {capabilities.shared}",
        )


def check_unsupported(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Try what the backend declares unsupported: it must raise, and not pretend to work."""
    with Trial(harness, "What a backend lacks it refuses") as trial:
        channel = trial.open("job")
        attempts: dict[str, Callable[[], object]] = {
            "lock": lambda: channel.lock("key", timeout=0).__enter__(),
            "ttl": lambda: channel.set("key", 1, ttl=50),
            "pickle": lambda: pickle.dumps(channel),
        }
        assert set(attempts) == set(OPTIONAL)
        for name in capabilities.unsupported:
            try:
                attempts[name]()
            except Exception:  # noqa: BLE001 - any error will do
                continue
            trial.require(False, f"{name} is declared unsupported, so an attempt raises")
