"""The model of a channel: a plain dict, independent of any backend."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import NoneType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from graflow.exceptions import (
    ChannelConflictError,
    ChannelError,
    ChannelKeyError,
    ChannelOverflowError,
    ChannelTypeError,
    ChannelValueError,
    LockLostError,
    LockReentryError,
)
from graflow.testing.trials.equality import same
from graflow.testing.trials.steps import (
    Body,
    Etag,
    Expected,
    Gave,
    Left,
    Refused,
    Step,
    Updater,
)

__all__ = ["Model", "refusal"]

_SCALARS = {NoneType, bool, int, float, bytes, date, timedelta, Decimal, UUID}
_HUNDRED_YEARS = 36_525 * 86_400
_LOOKED_UP_LATE = {"append", "prepend", "atomic_add"}
_NOTHING = object()  # what no key holds


class _Refusal(Exception):
    def __init__(self, kind: type[BaseException], *, names_key: bool = True) -> None:
        super().__init__()
        self.outcome = Refused(kind, names_key)


@dataclass(slots=True)
class _Entry:
    value: Any
    deadline: float | None = None


@dataclass(slots=True)
class Model:
    """All channels of a script, and the time.

    Attributes:
        now: The time in seconds, which `advance` moves.
        channels: The contents of each channel, by name.
        locks: The ends of the leases of a lock, by channel and key, in the order of taking it.
    """

    now: float = 0.0
    channels: defaultdict[str, dict[str, _Entry]] = field(default_factory=lambda: defaultdict(dict))
    locks: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    etags: list[Any] = field(default_factory=list)  # the values that they stand for

    def apply(self, step: Step) -> Expected:
        """Carry out a step, and return its required outcome."""
        try:
            method = getattr(self, f"_{step.operation}")
            return Gave(method(step.channel, *step.args, **step.options))
        except _Refusal as refusal:
            return refusal.outcome

    def live(self, channel: str) -> dict[str, _Entry]:
        """Return the contents of a channel, without what has expired."""
        entries = self.channels[channel]
        for key, entry in list(entries.items()):
            if entry.deadline is not None and entry.deadline <= self.now:
                del entries[key]
        return entries

    def deadlines(self) -> list[float]:
        """Return all moments at which something expires."""
        return [
            entry.deadline
            for entries in self.channels.values()
            for entry in entries.values()
            if entry.deadline is not None
        ]

    # Operations, each with the channel's name first

    def _advance(self, _: str, seconds: float) -> None:
        self.now += seconds

    def _set(
        self, channel: str, key: Any, value: Any, ttl: Any = None, *, if_etag: Any = None
    ) -> None:
        key = _checked_key(key)
        if if_etag is not None and not isinstance(if_etag, Etag | str):
            raise _Refusal(ChannelTypeError)
        value = _checked_value(value)
        deadline = self._deadline(ttl)
        entry = self.live(channel).get(key)
        if if_etag is not None:
            seen = self.etags[-if_etag.back] if isinstance(if_etag, Etag) else _NOTHING
            if entry is None or not same(entry.value, seen):
                raise _Refusal(ChannelConflictError)
        self.channels[channel][key] = _Entry(value, deadline)

    def _add(self, channel: str, key: Any, value: Any, ttl: Any = None) -> bool:
        key = _checked_key(key)
        entry = _Entry(_checked_value(value), self._deadline(ttl))
        return self.live(channel).setdefault(key, entry) is entry

    def _entry(self, channel: str, key: Any) -> tuple[Any, Left | None]:
        left = self._ttl(channel, key)
        self.etags.append(self._get(channel, key))
        return self._get(channel, key), left

    def _get(self, channel: str, key: Any, default: Any = None) -> Any:
        entry = self.live(channel).get(_checked_key(key))
        return default if entry is None else deepcopy(entry.value)

    def _append(self, channel: str, key: Any, value: Any, ttl: Any = None) -> int:
        return self._push(channel, key, value, ttl, at_head=False)

    def _prepend(self, channel: str, key: Any, value: Any, ttl: Any = None) -> int:
        return self._push(channel, key, value, ttl, at_head=True)

    def _push(self, channel: str, key: Any, value: Any, ttl: Any, *, at_head: bool) -> int:
        key = _checked_key(key)
        value = _checked_value(value)
        deadline = self._deadline(ttl)
        entry = self.live(channel).get(key, _Entry([]))
        if type(entry.value) is not list:
            raise _Refusal(ChannelTypeError)
        entry.value.insert(0 if at_head else len(entry.value), value)
        if ttl is not None:
            entry.deadline = deadline
        self.channels[channel][key] = entry
        return len(entry.value)

    def _pop(self, channel: str, key: Any, default: Any = None) -> Any:
        key = _checked_key(key)
        entry = self.live(channel).get(key)
        if entry is None or entry.value == []:
            return default
        if type(entry.value) is not list:
            raise _Refusal(ChannelTypeError)
        item = entry.value.pop(0)
        if not entry.value:
            del self.channels[channel][key]
        return item

    def _delete(self, channel: str, key: Any) -> bool:
        return self.live(channel).pop(_checked_key(key), None) is not None

    def _exists(self, channel: str, key: Any) -> bool:
        return _checked_key(key) in self.live(channel)

    _contains = _exists

    def _keys(self, channel: str) -> list[str]:
        return sorted(self.live(channel))

    def _clear(self, channel: str) -> None:
        self.channels[channel].clear()

    def _ttl(self, channel: str, key: Any) -> Left | None:
        entry = self.live(channel).get(_checked_key(key))
        if entry is None:
            raise _Refusal(ChannelKeyError)
        return None if entry.deadline is None else Left(entry.deadline - self.now)

    def _touch(self, channel: str, key: Any, ttl: Any) -> bool:
        return self._expire(channel, _checked_key(key), self.now + _seconds(ttl))

    def _persist(self, channel: str, key: Any) -> bool:
        return self._expire(channel, _checked_key(key), None)

    def _expire(self, channel: str, key: str, deadline: float | None) -> bool:
        entry = self.live(channel).get(key)
        if entry is not None:
            entry.deadline = deadline
        return entry is not None

    def _atomic_add(self, channel: str, key: Any, amount: Any = 1) -> Any:
        key = _checked_key(key)
        entry = self.live(channel).get(key, _Entry(0))
        for number in (amount, entry.value):
            if type(number) is not int and type(number) is not float:
                raise _Refusal(ChannelTypeError)
        try:
            total = entry.value + amount
        except OverflowError:
            raise _Refusal(ChannelOverflowError) from None
        infinite = (math.inf, -math.inf)
        if total in infinite and entry.value not in infinite and amount not in infinite:
            raise _Refusal(ChannelOverflowError)
        entry.value = total
        self.channels[channel][key] = entry
        return total

    def _update(self, channel: str, key: Any, updater: Updater, **options: Any) -> Any:
        key = _checked_key(key)
        present = self._present(channel, key, options)
        if updater.meanwhile is not None:
            other = self.apply(updater.meanwhile)
            if isinstance(other, Refused):
                raise _Refusal(other.kind, names_key=False)
            _changed(present, updater)
            present = self._present(channel, key, options)
        new = _changed(present, updater)
        entry = self.live(channel).get(key)
        self.channels[channel][key] = _Entry(new, None if entry is None else entry.deadline)
        return deepcopy(new)

    def _present(self, channel: str, key: str, options: dict[str, Any]) -> Any:
        entry = self.live(channel).get(key)
        if entry is None and not options:
            raise _Refusal(ChannelKeyError)
        return deepcopy(options["default"] if entry is None else entry.value)

    def _get_many(self, channel: str, keys: Any) -> dict[str, Any]:
        if isinstance(keys, str) or not isinstance(keys, Iterable):
            raise _Refusal(ChannelTypeError, names_key=False)
        wanted = set(map(_checked_key, keys))
        return {
            key: deepcopy(entry.value) for key, entry in self.live(channel).items() if key in wanted
        }

    def _set_many(self, channel: str, mapping: Any, ttl: Any = None) -> None:
        if not isinstance(mapping, Mapping):
            raise _Refusal(ChannelTypeError, names_key=False)
        entries = {
            _checked_key(key): _Entry(_checked_value(value), self._deadline(ttl))
            for key, value in mapping.items()
        }
        self._deadline(ttl)
        self.channels[channel].update(entries)

    def _transact(self, channel: str, body: Body) -> list[Any]:
        """Take all steps, or none if one is refused.

        What others write meanwhile comes first: the function runs again if it would see that. Of
        steps that are refused only when they are committed, another error may come before.
        """
        if body.meanwhile is not None:
            self.apply(body.meanwhile)
        before, entries = deepcopy(self.channels[channel]), len(self.etags)
        outcomes: list[Expected] = []
        for step in body.steps:
            outcomes.append(self.apply(step.on(channel)))
            if isinstance(outcomes[-1], Refused) and step.operation not in _LOOKED_UP_LATE:
                break
        else:
            outcomes += [Refused(LookupError)] if body.fails else []
        del self.etags[entries:]
        refused = [each for each in outcomes if isinstance(each, Refused)]
        if refused:
            self.channels[channel] = before
            is_one = len(set(refused)) == 1
            raise _Refusal(
                refused[0].kind if is_one else Exception, names_key=is_one and refused[0].names_key
            )
        return [each.value for each in outcomes if isinstance(each, Gave)]

    def _lock(self, channel: str, key: Any, timeout: Any = 10.0, lease: Any = 30.0) -> None:
        held = self.locks.setdefault((channel, _checked_key(key)), [])
        end = self.now + _seconds(lease)
        if timeout != timedelta(0) and (timeout != 0 or type(timeout) is bool):
            _seconds(timeout)
        if held and held[-1] > self.now:
            raise _Refusal(LockReentryError)
        held.append(end)

    def _unlock(self, channel: str, key: Any) -> None:
        """Leave the body that took the lock first; only the last holder may still have it."""
        held = self.locks[channel, key]
        deadline = held.pop(0)
        if held or deadline <= self.now:
            raise _Refusal(LockLostError)

    def _deadline(self, ttl: Any) -> float | None:
        return None if ttl is None else self.now + _seconds(ttl)


def _seconds(span: Any) -> float:
    """Return a time span in seconds, rounded to the millisecond; refuse anything else."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if type(seconds) is not int and type(seconds) is not float:
        raise _Refusal(ChannelTypeError, names_key=False)
    if not 0 < seconds <= _HUNDRED_YEARS:
        raise _Refusal(ChannelValueError, names_key=False)
    return max(1, round(seconds * 1000)) / 1000


def refusal(value: Any) -> type[ChannelError] | None:
    """Return the kind of error with which a value is refused, or `None` if it is stored."""
    kind = type(value)
    if kind in _SCALARS:
        return None
    if kind is str:
        return _refusal_of_text(value)
    if kind in {datetime, time}:
        zone = value.tzinfo
        fits = type(zone) in {NoneType, timezone} or (type(zone) is ZoneInfo and zone.key)
        return None if fits else ChannelTypeError
    if kind in {list, tuple, set, frozenset}:
        return next(filter(None, map(refusal, value)), None)
    if kind is dict:
        parts = [*map(_refusal_of_dict_key, value), *map(refusal, value.values())]
        return next(filter(None, parts), None)
    return ChannelTypeError


def _refusal_of_dict_key(key: Any) -> type[ChannelError] | None:
    if type(key) is tuple:
        return next(filter(None, map(_refusal_of_dict_key, key)), None)
    return ChannelTypeError if type(key) is frozenset else refusal(key)


def _refusal_of_text(text: str) -> type[ChannelError] | None:
    return ChannelValueError if any("\ud800" <= each <= "\udfff" for each in text) else None


def _changed(value: Any, updater: Updater) -> Any:
    try:
        new = updater.apply(value)
    except Exception as error:  # noqa: BLE001 - whatever the function raises
        raise _Refusal(type(error), names_key=False) from None
    return _checked_value(new)


def _checked_value(value: Any) -> Any:
    kind = refusal(value)
    if kind is not None:
        raise _Refusal(kind)
    return deepcopy(value)


def _checked_key(key: Any) -> str:
    if not isinstance(key, str):
        raise _Refusal(ChannelTypeError, names_key=False)
    if not key or _refusal_of_text(key):
        raise _Refusal(ChannelValueError, names_key=False)
    return str.__str__(key)
