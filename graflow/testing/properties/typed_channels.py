"""Typed channels: what fits comes back, and what does not is refused or reported."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from graflow.channels.base import Channel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelError, ChannelKeyError, ChannelValidationError
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.properties.schemas import BadValue, SchemaSample, schema_samples
from graflow.testing.trials.equality import same, scribble
from graflow.testing.trials.trial import Trial

__all__ = ["check_typed_misfits", "check_typed_strangers", "check_typed_values"]

_FITS = st.shared(schema_samples, key="sample").flatmap(lambda sample: sample.fitting)
_MISFITS = st.shared(schema_samples, key="sample").flatmap(lambda sample: sample.misfits)
_SAMPLES = st.shared(schema_samples, key="sample")


def check_typed_values(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Write values that fit, in every way, and read them."""

    def what_fits_comes_back(sample: SchemaSample, one: Any, other: Any) -> None:
        with Trial(harness, "`TypedChannel[T]` wraps any channel") as trial:
            channel = trial.open("job")
            typed = _typed(trial, channel, sample)
            _note(trial, "set('key', {})", one)
            typed.set("key", copy.deepcopy(one))
            _require_same(trial, typed.get("key"), one)
            _require_same(trial, typed.get("key", None), one)
            _note(trial, "append('list', {})", other)
            trial.require(typed.append("list", copy.deepcopy(one)) == 1, "append returns 1")
            trial.require(typed.append("list", copy.deepcopy(other)) == 2, "append returns 2")
            trial.require(typed.prepend("list", copy.deepcopy(other)) == 3, "prepend returns 3")
            _require_same(trial, typed.get_list("list"), [other, one, other])
            _require_same(trial, typed.pop("list"), other)
            lent = {"a": copy.deepcopy(other), "b": copy.deepcopy(one)}
            typed.set_many(lent)
            scribble(lent)
            _require_same(trial, typed.get_many(["a", "b", "c"]), {"a": other, "b": one})
            _require_same(trial, typed.update("a", lambda _: copy.deepcopy(one)), one)
            _require_same(trial, typed.get("a"), one)
            trial.require(channel.get("key", trial) is not trial, "an untyped channel reads it")

    budget.explore(what_fits_comes_back, sample=_SAMPLES, one=_FITS, other=_FITS)


def check_typed_misfits(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Write values with one bad part: they are refused with its path, and nothing changes."""

    def a_misfit_is_refused(sample: SchemaSample, good: Any, misfit: BadValue) -> None:
        with Trial(harness, "validate before anything is written") as trial:
            typed = _typed(trial, trial.open("job"), sample)
            typed.set("key", good)
            typed.append("list", good)
            _note(trial, "set('key', {})", misfit.value)
            bad = misfit.value
            writes: list[tuple[str, Callable[[], object]]] = [
                ("key", lambda: typed.set("key", bad)),
                ("list", lambda: typed.append("list", bad)),
                ("list", lambda: typed.prepend("list", bad)),
                ("new", lambda: typed.append("new", bad)),
                ("key", lambda: typed.set_many({"more": good, "key": bad})),
                ("key", lambda: typed.update("key", lambda _: bad)),
            ]
            for key, write in writes:
                _require_paths(trial, write, key, misfit.path)
            _require_same(trial, typed.get("key"), good)
            _require_same(trial, typed.get_list("list"), [good])
            trial.require(sorted(typed.keys()) == ["key", "list"], "nothing was written")

    budget.explore(a_misfit_is_refused, sample=_SAMPLES, good=_FITS, misfit=_MISFITS)


def check_typed_strangers(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Read values that do not fit: that raises, never returns `None`, and leaves them there."""

    def a_stranger_is_reported(sample: SchemaSample) -> None:
        with Trial(harness, "Data that does not fit raises and stays stored") as trial:
            channel = trial.open("job")
            typed = _typed(trial, channel, sample)
            stranger: Any = {"no": ["such", {"data": True}]}
            _note(trial, "channel.set('key', {})", stranger)
            channel.set("key", stranger)
            channel.append("list", stranger)
            reads: list[tuple[str, Callable[[], object]]] = [
                ("key", lambda: typed.get("key")),
                ("key", lambda: typed.get("key", None)),
                ("key", lambda: typed.get_many(["key"])),
                ("list", lambda: typed.get_list("list", None)),
                ("list", lambda: typed.pop("list", None)),
            ]
            for key, read in reads:
                _require_paths(trial, read, key, None)
            _require_same(trial, channel.get("key"), stranger)
            _require_same(trial, channel.get("list"), [stranger])
            _require_missing(trial, typed)

    budget.explore(a_stranger_is_reported, sample=_SAMPLES)


def _typed(trial: Trial, channel: Channel, sample: SchemaSample) -> TypedChannel[Any]:
    trial.note(f"typed = TypedChannel(a, {sample!r})")
    return TypedChannel(channel, sample.form)


def _note(trial: Trial, call: str, value: Any) -> None:
    trial.note(f"typed.{call.format(repr(value))}")


def _require_same(trial: Trial, found: Any, expected: Any) -> None:
    trial.require(
        same(found, expected, in_order=False), f"it is {expected!r}, and it was {found!r}"
    )
    scribble(found)


def _require_paths(trial: Trial, call: Callable[[], object], key: str, path: str | None) -> None:
    """Require a validation error that names channel, key and the one bad field."""
    try:
        found = call()
    except ChannelValidationError as error:
        paths = [each.path for each in error.errors]
        trial.require(
            (error.channel, error.key) == (trial.name("job"), key) and bool(error.schema),
            f"the error names channel, key and schema; it has {error.channel!r}, {error.key!r}",
        )
        trial.require(
            bool(paths) if path is None else set(paths) == {path},
            f"the error names the path {path!r}; it has {paths!r}",
        )
    except ChannelError as error:
        trial.require(False, f"a ChannelValidationError; it raised {error!r}")
    else:
        trial.require(False, f"data that does not fit raises; it returned {found!r}")


def _require_missing(trial: Trial, typed: TypedChannel[Any]) -> None:
    for read in (typed.get, typed.get_list):
        try:
            read("nothing")
        except ChannelKeyError:
            continue
        trial.require(False, "a key that is missing raises, where no default is given")
    trial.require(typed.get("nothing", 5) == 5, "a default is returned")
