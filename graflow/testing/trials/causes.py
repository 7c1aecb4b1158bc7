"""Root causes: what failures of different checks have in common."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable

__all__ = ["cause_of", "cause_of_difference", "shown_error"]

# The name of a channel that the suite made, and numbers with what surrounds them.
_NAME = re.compile(r"conformance-[0-9a-f]{8}-[^\s'\"}]*")
_HIDDEN = re.compile(r"""(["'])(?:\\x00)+.*?\1""")  # a hidden key, or one of a user that is escaped
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_ABOUT = re.compile(r"^channel …(?:, keys? [^:]*)?: ")  # what graflow's errors begin with
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?")
_FRACTION = re.compile(r"(\d+)\.\d+")

_KEYS = ("counter", "count", "items", "key", "list", "logs", "marks", "other", "value")
"""Keys that many checks use where no step says so."""


def shown_error(error: BaseException) -> str:
    """Return the type and the message of an error."""
    name = type(error).__qualname__
    text = str(error)
    return f"{name}: {text}" if text else name


def cause_of(
    error: BaseException, keys: Iterable[object] = (), channels: Iterable[str] = ()
) -> str:
    """Return the type and the message of an error without what varies between checks.

    The channel, the key, addresses in memory and numbers are masked. If nothing is left of the
    message, as of a `KeyError`, the line that raised the error takes its place.

    Args:
        error: The error.
        keys: Keys that the error may be about, in quotation marks.
        channels: The names of channels that it may be about.
    """
    text = str(error)
    for name in _longest_first([getattr(error, "channel", None), *channels]):
        text = text.replace(repr(name), "…").replace(name, "…")
    for key in _longest_first([getattr(error, "key", None), *keys, *_KEYS]):
        for quoted in (repr(key), f'"{key}"', f"'{key}'"):
            text = text.replace(quoted, "…")
    text = _ABOUT.sub("", text)
    for pattern in (_NAME, _HIDDEN, _ADDRESS, _NUMBER):
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


def _longest_first(names: Iterable[object]) -> list[str]:
    texts = {name for name in names if isinstance(name, str) and name}
    return sorted(texts, key=len, reverse=True)


def _line_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
