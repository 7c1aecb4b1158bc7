"""Checks of the uses of keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graflow_mypy.check.fitting import Fitting
from graflow_mypy.messages import KEY_SHAPE, KEY_TYPE, KEY_UNKNOWN, UNREAD, suggestion
from graflow_mypy.program.forms import show
from graflow_mypy.program.patterns import Patterns
from graflow_mypy.program.uses import Signature, Use

__all__ = ["Finding", "judge_keys"]

Finding = tuple[str, list[int], str, str]
"""A module, a place in it, a code and a message."""

Locations = Mapping[Signature, tuple[str, str]]

_VERBS = {
    "append": "appended to",
    "prepend": "prepended to",
    "atomic_add": "added to as a number",
    "get": "read as a value",
    "get_list": "read as a list",
    "pop": "popped as a list",
    "set": "set",
    "update": "updated as a value",
    "ttl": "used",
}


def judge_keys(
    uses: Iterable[Use], *, is_closed: bool, written: Patterns, fitting: Fitting, unless: str = ""
) -> Iterator[Finding]:
    """Yield what is wrong.

    Args:
        uses: All uses in the program.
        is_closed: Whether a channel that is handed over must be one of a run.
        written: All keys that are written, in whatever way.
        fitting: Answers about types.
        unless: Where else keys may be written, as messages say it.
    """
    judged = {"run", "given"} if is_closed else {"run"}
    by_key: dict[str, list[Use]] = {}
    for use in uses:
        if use.where in judged and use.key is not None:
            by_key.setdefault(use.key, []).append(use)
    for key in sorted(by_key):
        if not key.endswith(".__result__"):
            unknown = None if written.match(key) else _unknown(key, written, unless)
            yield from _judge_key(key, by_key[key], unknown, fitting)


def _judge_key(
    key: str, uses: list[Use], unknown: tuple[str, str] | None, fitting: Fitting
) -> Iterator[Finding]:
    locations: dict[Signature, tuple[str, str]] = {}
    for use in uses:
        present = locations.get(use.signature, use.location)
        locations[use.signature] = min(present, use.location)
    verdicts: dict[Signature, tuple[str, str] | None] = {}
    for use in uses:
        if use.place is None:
            continue
        if unknown and use.signature.reads:
            yield use.location[0], use.place, *unknown
        if use.signature not in verdicts:
            verdicts[use.signature] = _conflict(key, use.signature, locations, fitting)
        verdict = verdicts[use.signature]
        if verdict is not None:
            yield use.location[0], use.place, *verdict


def _unknown(key: str, known: Patterns, unless: str) -> tuple[str, str]:
    """Return the code and the message about a key that nothing writes that is known."""
    code = UNREAD if unless else KEY_UNKNOWN
    end = suggestion(key, known.texts)
    return code, f'Channel key "{key}" is read but never written{unless}{end}'


def _conflict(
    key: str, mine: Signature, locations: Locations, fitting: Fitting
) -> tuple[str, str] | None:
    """Return the code and the message of the first use that this one can't go with."""
    others = sorted(
        (each for each in locations if each != mine),
        key=lambda each: (not each.writes, locations[each], each.operation),
    )
    for other in others:
        if _differ_in_shape(mine, other, fitting):
            where = _name(locations[other])
            here, there = _VERBS[mine.operation], _VERBS[other.operation]
            return KEY_SHAPE, f'Channel key "{key}" is {here} here, but {there} in {where}'
    are_written = any(each.writes for each in locations)
    for other in others:
        if are_written and not (mine.writes or other.writes):
            continue  # one of two readers that differ also differs from what is written
        if not (mine.has_schema or other.has_schema):
            continue  # an untyped key may hold `None` first, and a number later
        if _differ_in_type(mine, other, fitting):
            here, there = show(mine.form), show(other.form)
            if mine.is_on_list and other.is_on_list:
                here, there = show(mine.form[-1]), show(other.form[-1])
            return (
                KEY_TYPE,
                (
                    f'Channel key "{key}" is used as "{here}" here, '
                    f'but as "{there}" in {_name(locations[other])}'
                ),
            )
    return None


def _differ_in_shape(mine: Signature, other: Signature, fitting: Fitting) -> bool:
    if not (mine.writes or other.writes) or mine.is_on_list == other.is_on_list:
        return False
    value = other if mine.is_on_list else mine
    return value.operation == "atomic_add" or fitting.is_never_a_list(value.form)


def _differ_in_type(mine: Signature, other: Signature, fitting: Fitting) -> bool:
    forth = fitting.fits(mine.form, other.form)
    back = fitting.fits(other.form, mine.form)
    if mine.writes and other.reads and not forth:
        return True
    if other.writes and mine.reads and not back:
        return True
    return not forth and not back


def _name(location: tuple[str, str]) -> str:
    module, function = location
    return ".".join(filter(None, (module.partition("#")[0], function)))
