"""Checks of the uses of keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graflow_mypy.check.fitting import Fitting
from graflow_mypy.messages import (
    KEY_DEFAULT,
    KEY_SHAPE,
    KEY_TYPE,
    KEY_UNKNOWN,
    UNREAD,
    suggestion,
)
from graflow_mypy.program.forms import NONE_FORM, ArrayForm, show
from graflow_mypy.program.patterns import Patterns
from graflow_mypy.program.uses import Claim, Use
from graflow_mypy.source.notes import CallSite

__all__ = ["Diagnostic", "judge_keys"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A mistake in a call.

    Attributes:
        module: The module of the call.
        site: Where the call is in that module.
        code: The code.
        message: The message.
    """

    module: str
    site: CallSite
    code: str
    message: str


Locations = Mapping[Claim, tuple[str, str]]

_VERBS = {
    "add": "set",
    "append": "appended to",
    "prepend": "prepended to",
    "atomic_add": "added to as a number",
    "entry": "read as a value",
    "wait_for": "read as a value",
    "get": "read as a value",
    "get_list": "read as a list",
    "optional parameter": "read as a parameter",
    "parameter": "read as a parameter",
    "pop": "popped as a list",
    "set": "set",
    "update": "updated as a value",
}


def judge_keys(
    uses: Iterable[Use], *, is_closed: bool, written: Patterns, fitting: Fitting, unless: str = ""
) -> Iterator[Diagnostic]:
    """Yield what is wrong.

    Args:
        uses: All uses in the program.
        is_closed: Whether a channel that is handed over must be one of a run.
        written: All keys that are written, in whatever way.
        fitting: Answers about types.
        unless: Where else keys may be written, as messages say it.
    """
    judged = {"run", "given"} if is_closed else {"run"}
    unknown_code = UNREAD if unless else KEY_UNKNOWN
    by_key: dict[str, list[Use]] = {}
    for use in uses:
        if use.where in judged and use.key is not None:
            by_key.setdefault(use.key, []).append(use)
    for key in sorted(by_key):
        if not key.endswith(".__result__"):
            unknown = None if written.match(key) else f"{unless}{suggestion(key, written.texts)}"
            yield from _judge_key(key, by_key[key], unknown, fitting, unknown_code)


def _judge_key(
    key: str, uses: list[Use], unknown: str | None, fitting: Fitting, unknown_code: str
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the uses of one key.

    Args:
        key: The key.
        uses: Its uses.
        unknown: Where nothing writes it, the end of a message that says so.
        fitting: Answers about types.
        unknown_code: The code of that message.
    """
    locations: dict[Claim, tuple[str, str]] = {}
    for use in uses:
        present = locations.get(use.claim, use.location)
        locations[use.claim] = min(present, use.location)
    verdicts: dict[Claim, tuple[str, str] | None] = {}
    for use in uses:
        if use.site is None:
            continue
        if unknown is not None and use.claim.expects:
            code = KEY_DEFAULT if use.claim.has_default else unknown_code
            yield Diagnostic(use.module, use.site, code, _unknown(key, use, unknown))
        if use.claim not in verdicts:
            verdicts[use.claim] = _conflict(key, use.claim, locations, fitting)
        verdict = verdicts[use.claim]
        if verdict is not None:
            yield Diagnostic(use.module, use.site, *verdict)


def _unknown(key: str, use: Use, end: str) -> str:
    """Return the message about a key that nothing writes that is known."""
    if use.claim.operation == "parameter":
        owner = use.location[1].rpartition(".")[2]
        return (
            f'Parameter "{key}" of "{owner}" is not bound here, and channel key "{key}" is never '
            f"written{end}"
        )
    return f'Channel key "{key}" is read but never written{end}'


def _conflict(
    key: str, mine: Claim, locations: Locations, fitting: Fitting
) -> tuple[str, str] | None:
    """Return the code and the message of the first use that this one can't go with."""
    others = sorted(
        (each for each in locations if each != mine),
        key=lambda each: (not each.writes, locations[each], each.operation),
    )
    for other in others:
        if _differ_in_shape(mine, other, fitting):
            where = _name(locations[other])
            done, there_done = _VERBS[mine.operation], _VERBS[other.operation]
            return KEY_SHAPE, f'Channel key "{key}" is {done} here, but {there_done} in {where}'
    are_written = any(each.writes for each in locations)
    for other in others:
        if are_written and not (mine.writes or other.writes):
            continue  # one of two readers that differ also differs from what is written
        if not (mine.has_schema or other.has_schema):
            continue  # an untyped key may hold `None` first, and a number later
        if _may_be_apart(mine, other):
            continue
        if _differ_in_type(mine, other, fitting):
            here, there = mine.form, other.form
            are_on_lists = mine.is_on_list and other.is_on_list
            if are_on_lists and isinstance(here, ArrayForm) and isinstance(there, ArrayForm):
                here, there = here.item, there.item
            return (
                KEY_TYPE,
                (
                    f'Channel key "{key}" is used as "{show(here)}" here{_how(mine)}, '
                    f'but as "{show(there)}" in {_name(locations[other])}'
                ),
            )
    return None


def _differ_in_shape(mine: Claim, other: Claim, fitting: Fitting) -> bool:
    if not (mine.writes or other.writes) or mine.is_on_list == other.is_on_list:
        return False
    value = other if mine.is_on_list else mine
    return value.operation == "atomic_add" or fitting.is_never_a_list(value.form)


def _differ_in_type(mine: Claim, other: Claim, fitting: Fitting) -> bool:
    forth = fitting.fits(mine.form, other.form)
    back = fitting.fits(other.form, mine.form)
    if mine.writes and other.reads and not forth:
        return True
    if other.writes and mine.reads and not back:
        return True
    return not forth and not back


def _may_be_apart(mine: Claim, other: Claim) -> bool:
    """Tell whether parameters may have other values than what was seen.

    Many have one name by chance. What no task writes, each run may be started with, or not; and a
    key may hold `None` until a parameter is read.
    """
    if not (mine.is_parameter or other.is_parameter):
        return False
    return not (mine.writes or other.writes) or NONE_FORM in {mine.form, other.form}


def _how(claim: Claim) -> str:
    return " by a parameter that is not bound" if claim.is_parameter else ""


def _name(location: tuple[str, str]) -> str:
    module, function = location
    return ".".join(filter(None, (module.partition("#")[0], function)))
