"""Round trips: values come back unchanged, and other programs can read plain JSON."""

from __future__ import annotations

import json
from typing import Any

from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.properties.means import require_read
from graflow.testing.properties.strategies import bad_values, json_values, values
from graflow.testing.trials.equality import same
from graflow.testing.trials.steps import do
from graflow.testing.trials.trial import Trial

__all__ = ["check_plain_json", "check_refused_values", "check_values"]

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
    with Trial(harness, _PLAIN) as trial:
        require_read(harness, trial)

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
