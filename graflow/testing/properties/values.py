"""Values, which come back unchanged, and plain JSON, which any other program can read."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

from graflow.channels.base import Channel
from graflow.exceptions import ChannelTypeError
from graflow.testing.budget import Budget
from graflow.testing.harness import OPTIONAL, Capabilities, Harness
from graflow.testing.properties.equality import same
from graflow.testing.properties.strategies import bad_values, json_values, values
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = [
    "check_pickle",
    "check_plain_json",
    "check_refused_values",
    "check_unsupported",
    "check_values",
]

_PLAIN = "Plain JSON values are stored as plain JSON text, so any Redis client can read them"


def check_values(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Store values of every supported type in every way, and read them back."""

    def every_value_comes_back(value: Any, other: Any) -> None:
        with Trial(harness, "What `get` returns equals what was stored") as trial:
            for step in (
                do("set", "key", value),
                do("get", "key"),
                do("set", "key", other),
                do("set", "list", [value, other]),
                do("append", "list", value),
                do("prepend", "list", other),
                do("get", "list"),
                do("pop", "list"),
                do("pop", "list"),
                do("set_many", {"a": value, "b": [other], "key": {"nested": (value,)}}),
                do("get_many", ["a", "b", "key"]),
            ):
                trial.check(step)

    budget.explore(every_value_comes_back, value=values, other=values)


def check_refused_values(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Try to store values that must be refused; what was there stays."""

    def every_bad_value_is_refused(old: Any, bad: Any) -> None:
        with Trial(harness, "A refused write leaves the old value ... exactly as it was") as trial:
            for step in (
                do("set", "key", old),
                do("set", "list", [old]),
                do("set", "key", bad),
                do("append", "list", bad),
                do("prepend", "new", bad),
                do("set_many", {"key": 1, "list": bad}),
            ):
                trial.check(step)
            trial.look(["job"])

    budget.explore(every_bad_value_is_refused, old=values, bad=bad_values)


def check_plain_json(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Read what is stored with a JSON parser that knows nothing of graflow."""
    read = harness.read
    assert read is not None

    def a_parser_reads_it(value: Any, item: Any) -> None:
        with Trial(harness, _PLAIN) as trial:
            trial.check(do("set", "key", {"in": value}))
            trial.check(do("append", "list", value))
            trial.check(do("append", "list", item))
            name = trial.name("job")
            text, texts = read(name, "key"), read(name, "list")
            trial.require(
                isinstance(text, bytes) and same(json.loads(text), {"in": value}),
                f"JSON that stands for the dict; under `key` is {text!r}",
            )
            trial.require(
                isinstance(texts, list) and same([*map(json.loads, texts)], [value, item]),
                f"JSON that stands for each item; under `list` is {texts!r}",
            )
            trial.require(read(name, "nothing") is None, "nothing is stored under other keys")

    budget.explore(a_parser_reads_it, value=json_values, item=json_values)


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
