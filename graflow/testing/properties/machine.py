"""A state machine: random operations on several channels and handles, against the model."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from graflow.testing.harness import OPTIONAL, Capabilities, Capability, Harness
from graflow.testing.properties.strategies import (
    bad_values,
    keys,
    names,
    plain_values,
    steps_of_time,
    ttls,
    values,
)
from graflow.testing.trials.steps import Body, Etag, Step, Updater
from graflow.testing.trials.trial import Trial

__all__ = ["machine_for"]

_CLAUSE = "Any sequence of operations gives the same results as on a dict"
_BAD_TTLS = st.sampled_from([0, -1, float("nan"), float("inf"), True, "5", 10**40])
# Which of two channels, and of three handles on each; most steps use one key of one channel.
_PLACES = st.sampled_from([0, 0, 2, 2, 4, 1, 3])
_KEYS = st.sampled_from([0, 0, 0, 1, 2])
_CHANGES = st.sampled_from(
    [
        "lambda value: [value]",
        "lambda value: value + [1]",
        "lambda value: value.append(2) or value",
        "lambda value: not value",
        "lambda value: 1 / 0",
        "lambda value: object()",
        "lambda value: None",
    ]
)

# What a transaction does to a key: an operation, what it takes after the key, and a TTL or none.
_ACTS = st.sampled_from(
    [
        ("get", ("none",), None),
        ("exists", (), None),
        ("ttl", (), None),
        ("entry", (), None),
        ("set", (1,), None),
        ("set", ([1, 2],), 150),
        ("append", (7,), None),
        ("append", ((8,),), 250),
        ("prepend", ("9",), None),
        ("pop", ("none",), None),
        ("pop", ("none",), None),
        ("delete", (), None),
        ("atomic_add", (2,), None),
        ("atomic_add", (0.5,), None),
        ("add", ("new",), None),
        ("add", ([],), 150),
        ("touch", (250,), None),
        ("persist", (), None),
        ("update", (Updater("lambda value: [value]"),), None),
        ("set", (object(),), None),
    ]
)
_ACTS_ON_ALL = st.sampled_from(["keys", "clear", "get_many", "set_many"])


def machine_for(harness: Harness, capabilities: Capabilities) -> type[RuleBasedStateMachine]:
    """Return a state machine for a backend, with rules for everything that it supports."""
    lacks = {OPTIONAL[name] for name in capabilities.unsupported}

    class ChannelMachine(_Machine):
        """The operations of a backend, in any order."""

        def __init__(self) -> None:
            super().__init__(harness, lacks)

    return ChannelMachine


class _Machine(RuleBasedStateMachine):
    """After each step everything that is stored is compared."""

    def __init__(self, harness: Harness, lacks: set[Capability]) -> None:
        super().__init__()
        self.trial = Trial(harness, _CLAUSE)
        self.has_ttl = Capability.TTL not in lacks
        self.has_lock = Capability.LOCK not in lacks
        self.naps = 1 if harness.advance is None else 1_000
        self.names: tuple[str, str] = ("", "")
        self.keys: list[str] = []
        self.entries = 0
        self.transactions = 0

    @initialize(names=names, chosen=st.lists(keys, min_size=3, max_size=3, unique=True))
    def choose(self, names: tuple[str, str], chosen: list[str]) -> None:
        self.names, self.keys = names, chosen

    def teardown(self) -> None:
        self.trial.close()

    def step(self, operation: str, place: int, *args: Any, **options: Any) -> None:
        """Take a step, and compare everything through another handle."""
        if not self.has_ttl or options.get("ttl", 0) is None:
            options.pop("ttl", None)
        handle, channel = divmod(place, 2)
        self.trial.check(Step(operation, args, options, self.names[channel], handle))
        self.trial.look(self.names, self.keys, handle=(handle + 1) % 3)

    @rule(place=_PLACES, key=_KEYS, value=values, ttl=ttls)
    def set(self, place: int, key: int, value: Any, ttl: Any) -> None:
        self.step("set", place, self.keys[key], value, ttl=ttl)

    @rule(place=_PLACES, key=_KEYS, value=st.lists(plain_values, max_size=2), ttl=ttls)
    def set_list(self, place: int, key: int, value: list[Any], ttl: Any) -> None:
        self.step("set", place, self.keys[key], value, ttl=ttl)

    @rule(
        place=_PLACES,
        key=_KEYS,
        items=st.lists(plain_values | values, min_size=1, max_size=3),
        ttl=ttls,
        end=st.sampled_from(["append", "prepend"]),
    )
    def push(self, place: int, key: int, items: list[Any], ttl: Any, end: str) -> None:
        for item in items:
            self.step(end, place, self.keys[key], item, ttl=ttl)

    @rule(place=_PLACES, key=_KEYS, default=plain_values)
    def pop(self, place: int, key: int, default: Any) -> None:
        self.step("pop", place, self.keys[key], default)

    @rule(
        place=_PLACES,
        key=_KEYS,
        bad=bad_values,
        ttl=ttls,
        write=st.sampled_from(["set", "append", "prepend", "set_many"]),
    )
    def write_what_is_refused(self, place: int, key: int, bad: Any, ttl: Any, write: str) -> None:
        if write == "set_many":
            self.step(write, place, {self.keys[0]: 1, self.keys[key]: bad}, ttl=ttl)
        else:
            self.step(write, place, self.keys[key], bad, ttl=ttl)

    @precondition(lambda self: self.has_ttl)
    @rule(
        place=_PLACES,
        key=_KEYS,
        ttl=_BAD_TTLS,
        write=st.sampled_from(["set", "append", "prepend"]),
    )
    def write_with_a_bad_ttl(self, place: int, key: int, ttl: Any, write: str) -> None:
        self.step(write, place, self.keys[key], 1, ttl=ttl)

    @rule(
        place=_PLACES,
        key=_KEYS,
        operation=st.sampled_from(["delete", "delete", "delete", "exists", "contains", "clear"]),
    )
    def remove(self, place: int, key: int, operation: str) -> None:
        self.step(operation, place, *([] if operation == "clear" else [self.keys[key]]))

    @rule(
        place=_PLACES,
        keys=st.lists(_KEYS, min_size=1, max_size=4),
        default=plain_values,
        operation=st.sampled_from(["get", "ttl", "get_many"]),
    )
    def read(self, place: int, keys: list[int], default: Any, operation: str) -> None:
        names = [self.keys[key] for key in keys]
        args = {"get": (names[0], default), "ttl": (names[0],), "get_many": (names,)}
        self.step(operation, place, *args[operation])

    @rule(
        place=_PLACES,
        key=_KEYS,
        amount=st.integers() | st.floats() | st.integers(-2, 2) | st.sampled_from([True, "1"]),
    )
    def add(self, place: int, key: int, amount: Any) -> None:
        self.step("atomic_add", place, self.keys[key], amount)

    @rule(
        place=_PLACES,
        key=_KEYS,
        number=st.integers(-(2**70), 2**70) | st.floats(),
        ttl=ttls,
    )
    def set_number(self, place: int, key: int, number: float, ttl: Any) -> None:
        self.step("set", place, self.keys[key], number, ttl=ttl)

    @rule(place=_PLACES, key=_KEYS, source=_CHANGES, default=st.none() | st.just([0]))
    def update(self, place: int, key: int, source: str, default: Any) -> None:
        options = {} if default is None else {"default": default}
        self.step("update", place, self.keys[key], Updater(source), **options)

    @rule(
        place=_PLACES,
        key=_KEYS,
        source=_CHANGES,
        other=st.integers(0, 2),
        write=st.sampled_from(["set", "append", "pop", "delete", "clear"]),
    )
    def update_while_another_writes(
        self, place: int, key: int, source: str, other: int, write: str
    ) -> None:
        name = self.keys[key]
        args = {"set": (name, "new"), "append": (name, 7), "clear": ()}.get(write, (name,))
        meanwhile = Step(write, args, {}, self.names[place % 2], other)
        self.step("update", place, name, Updater(source, meanwhile), default=[0])

    @rule(
        place=_PLACES,
        chosen=st.lists(_KEYS, max_size=4),
        items=st.lists(plain_values | st.lists(plain_values, max_size=2), min_size=4, max_size=4),
        ttl=ttls,
    )
    def set_many(self, place: int, chosen: list[int], items: list[Any], ttl: Any) -> None:
        mapping = {self.keys[key]: items[at] for at, key in enumerate(chosen)}
        self.step("set_many", place, mapping, ttl=ttl)

    @rule(place=_PLACES, key=_KEYS, value=plain_values, ttl=ttls)
    def add_key(self, place: int, key: int, value: Any, ttl: Any) -> None:
        self.step("add", place, self.keys[key], value, ttl=ttl)

    @rule(place=_PLACES, key=_KEYS)
    def entry(self, place: int, key: int) -> None:
        self.step("entry", place, self.keys[key])
        self.entries = len(self.trial.model.etags)

    @precondition(lambda self: self.entries)
    @rule(place=_PLACES, key=_KEYS, value=plain_values, ttl=ttls, back=st.integers(1, 3))
    def set_if(self, place: int, key: int, value: Any, ttl: Any, back: int) -> None:
        etag = Etag(min(back, self.entries))
        self.step("set", place, self.keys[key], value, ttl=ttl, if_etag=etag)

    @precondition(lambda self: self.has_ttl)
    @rule(place=_PLACES, key=_KEYS, ttl=ttls)
    def touch(self, place: int, key: int, ttl: Any) -> None:
        if ttl is None:
            self.step("persist", place, self.keys[key])
        else:
            self.step("touch", place, self.keys[key], ttl)

    @rule(
        place=_PLACES,
        plan=st.lists(st.tuples(_KEYS, _ACTS) | _ACTS_ON_ALL, min_size=1, max_size=5),
        other=st.integers(0, 2),
        key=_KEYS,
        write=st.sampled_from([None, None, "set", "append", "pop", "delete", "clear"]),
        fails=st.sampled_from([False] * 5 + [True]),
    )
    def transact(
        self, place: int, plan: list[Any], other: int, key: int, write: str | None, fails: bool
    ) -> None:
        steps = tuple(each for act in plan if (each := self._act(act)))
        name, number = self.keys[key], self.transactions
        args = {"set": (name, [number]), "append": (name, number), "clear": ()}
        meanwhile = None
        if write is not None:
            meanwhile = Step(write, args.get(write, (name,)), {}, self.names[place % 2], other)
        self.transactions += 1
        self.step("transact", place, Body(steps, meanwhile, fails))

    def _act(self, act: Any) -> Step | None:
        """Return a step of a transaction, unless the backend lacks what it needs."""
        if isinstance(act, str):
            args = {"get_many": (self.keys,), "set_many": ({self.keys[0]: 1, self.keys[1]: [2]},)}
            return Step(act, args.get(act, ()))
        key, (operation, args, ttl) = act
        if not self.has_ttl and (ttl or operation in {"touch", "persist", "ttl"}):
            return None
        options = {} if ttl is None else {"ttl": ttl}
        if operation == "update":
            options["default"] = 0
        return Step(operation, (self.keys[key], *args), options)

    @precondition(lambda self: self.has_ttl and self.naps)
    @rule(seconds=steps_of_time)
    def advance(self, seconds: int) -> None:
        self.naps -= 1
        self.trial.check(Step("advance", (seconds,)))
        self.trial.look(self.names, self.keys)

    @precondition(lambda self: self.has_lock)
    @rule(place=_PLACES, key=_KEYS, lease=st.sampled_from([150, 1_150]))
    def lock(self, place: int, key: int, lease: int) -> None:
        self.step("lock", place, self.keys[key], timeout=0, lease=lease)

    @precondition(lambda self: self.trial.next_unlock())
    @rule()
    def unlock(self) -> None:
        step = self.trial.next_unlock()
        assert step is not None
        self.trial.check(step)
        self.trial.look(self.names, self.keys)
