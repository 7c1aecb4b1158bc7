"""Checks of names, keys, TTLs and amounts: the same for every channel, and without I/O.

`Channel` and `TypedChannel` call these functions and pass the results to a backend, so no
backend can give an argument a meaning of its own.
"""

from __future__ import annotations

import math
from datetime import timedelta
from enum import Enum
from typing import Final

from graflow.channels.codec.reprs import short_repr
from graflow.channels.codec.stand_ins import is_stand_in
from graflow.channels.hidden_keys import HiddenKey, stored_key
from graflow.exceptions import ChannelOverflowError, ChannelTypeError, ChannelValueError

__all__ = [
    "MAX_TTL",
    "MISSING",
    "Missing",
    "Seconds",
    "add",
    "check_key",
    "check_name",
    "check_number",
    "check_text",
    "milliseconds",
    "patience",
]

Seconds = int | float | timedelta
"""A duration: a number of seconds, or a `timedelta`."""

MAX_TTL = timedelta(days=36_525)
"""The longest TTL, 100 years."""


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        """Show the name alone, as signatures in a documentation do."""
        return "MISSING"


MISSING: Final = Missing.MISSING
"""Stands for "no default was given" where `None` is a default like any other."""


def check_key(key: object) -> str:
    """Check a user's key, and return the text under which the backend stores it.

    That is the key itself, unless it begins with a NUL: see `graflow.channels.hidden_keys`.

    Raises:
        ChannelTypeError: The key is not a `str`.
        ChannelValueError: The key is empty, or contains a lone surrogate.
    """
    if type(key) is str and key >= "\1" and key.isascii():
        return key
    text = check_text(key, "key")
    return text if type(key) is HiddenKey else stored_key(text)


def check_name(name: object) -> str:
    """Return `name` if it can be the name of a channel; the rules are those of `check_key`."""
    return check_text(name, "channel name")


def check_text(text: object, what: str) -> str:
    """Return `text` as a plain `str` if it is non-empty and UTF-8 can encode it.

    Args:
        text: What to check.
        what: What to call it in the error message.

    Raises:
        ChannelTypeError: It is not a `str`.
        ChannelValueError: It is empty, or contains a lone surrogate.
    """
    if not isinstance(text, str):
        raise ChannelTypeError(f"a {what} must be a str, not {type(text).__name__}")
    if not text:
        raise ChannelValueError(f"a {what} must not be empty")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ChannelValueError(
            f"the {what} {text!a} holds a lone surrogate, which UTF-8 can't encode"
        ) from error
    return str.__str__(text)


def milliseconds(span: object, what: str = "ttl", *, or_zero: bool = False) -> int:
    """Return a duration in whole milliseconds, at least 1 unless it is 0.

    Args:
        span: Seconds as `int` or `float`, or a `timedelta`; greater than 0 and at most
            `MAX_TTL`.
        what: The argument's name, for the error message.
        or_zero: Whether 0 is allowed.

    Raises:
        ChannelTypeError: It is of another type (`bool` included).
        ChannelValueError: It is 0 where that is not allowed, negative, not finite, or longer
            than 100 years.
    """
    if isinstance(span, timedelta):
        span = span.total_seconds()
    if isinstance(span, bool) or not isinstance(span, int | float):
        raise ChannelTypeError(
            f"{what} must be a number of seconds or a timedelta, not {type(span).__name__}"
        )
    if or_zero and span == 0:
        return 0
    if not 0 < span <= MAX_TTL.total_seconds():
        least = "at least 0" if or_zero else "greater than 0"
        raise ChannelValueError(
            f"{what} must be {least} and at most 100 years, in seconds, not {short_repr(span)}"
        )
    return max(1, round(span * 1000))


def patience(timeout: object) -> float:
    """Return for how many seconds somebody waits: 0 or more, and `math.inf` for any number.

    Raises:
        ChannelTypeError, ChannelValueError: As `milliseconds` does; `None` and infinity are valid.
    """
    if timeout is None or (isinstance(timeout, float) and timeout == math.inf):
        return math.inf
    return milliseconds(timeout, "timeout", or_zero=True) / 1000


def check_number(number: object) -> int | float:
    """Return `number` if `atomic_add` accepts it: exactly an `int` or a `float`.

    Raises:
        ChannelTypeError: It is of another type (`bool` included).
    """
    if type(number) is int or type(number) is float:
        return number
    if is_stand_in(number):
        return check_number(number.__stored__())  # type: ignore[attr-defined]
    raise ChannelTypeError(f"the amount must be an int or a float, not {type(number).__name__}")


def add(number: int | float, amount: int | float) -> int | float:
    """Return the sum as Python gives it: exact for two ints, an IEEE double otherwise.

    Raises:
        ChannelOverflowError: The sum of two finite numbers is too large for a double, or an
            int is too large to be converted to one.
    """
    try:
        total = number + amount
    except OverflowError as error:
        raise ChannelOverflowError(f"{error}; the stored number stays") from error
    if (
        isinstance(total, float)
        and math.isinf(total)
        and not (math.isinf(number) or math.isinf(amount))
    ):
        raise ChannelOverflowError("the sum is too large for a float; the stored number stays")
    return total
