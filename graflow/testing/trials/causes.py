"""Root causes: what failures of different checks have in common."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable

__all__ = ["cause_of", "cause_of_difference", "shown_error"]

# The name of a channel that the suite made, and numbers with what surrounds them.
_NAME = re.compile(r"conformance-[0-9a-f]{8}-[^\s'\"}]*")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?")
_FRACTION = re.compile(r"(\d+)\.\d+")


def shown_error(error: BaseException) -> str:
    """Return the type and the message of an error."""
    name = type(error).__qualname__
    text = str(error)
    return f"{name}: {text}" if text else name


def cause_of(error: BaseException, names: Iterable[object] = ()) -> str:
    """Return the type and the message of an error without what varies between checks.

    The channel, the key, addresses in memory and numbers are masked. If nothing is left of the
    message, as of a `KeyError`, the line that raised the error takes its place.

    Args:
        error: The error.
        names: What else may vary: the keys of the operation that raised the error.
    """
    text = str(error)
    varying = {getattr(error, "channel", None), getattr(error, "key", None), *map(_text, names)}
    for name in sorted((each for each in varying if isinstance(each, str) and each), key=len)[::-1]:
        for quoted in {repr(name), f'"{name}"', f"'{name}'"}:
            text = text.replace(quoted, "…")
    for pattern in (_NAME, _ADDRESS, _NUMBER):
        text = pattern.sub("…", text)
    where = "" if any(map(str.isalpha, text)) else _line_of(error)
    return f"raised {type(error).__qualname__}: {text}{where}"


def cause_of_difference(operation: str, found: str, expected: str) -> str:
    """Return what failures have in common of which an operation had the same wrong outcome.

    Args:
        operation: The operation.
        found: Its outcome. Fractions are dropped, as times to live differ by them.
        expected: The outcome that the contract requires.
    """
    return _FRACTION.sub(r"\1", f"{operation} {found}, not {expected}")


def _text(name: object) -> str | None:
    return name if isinstance(name, str) else None


def _line_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
