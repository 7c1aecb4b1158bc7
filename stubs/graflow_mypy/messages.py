"""The codes that the plugin reports, and its messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from mypy.errorcodes import ErrorCode

__all__ = [
    "CODES",
    "KEY_DEFAULT",
    "KEY_SHAPE",
    "KEY_TYPE",
    "KEY_UNKNOWN",
    "OFF_BY_DEFAULT",
    "RESULT",
    "RESULT_AMBIGUOUS",
    "SCHEMA",
    "UNJUDGED",
    "UNREAD",
    "printable",
    "suggestion",
]

KEY_TYPE = "graflow-key-type"
KEY_UNKNOWN = "graflow-key-unknown"
KEY_DEFAULT = "graflow-key-default"
KEY_SHAPE = "graflow-key-shape"
RESULT = "graflow-result"
RESULT_AMBIGUOUS = "graflow-result-ambiguous"
SCHEMA = "graflow-schema"
UNREAD = "graflow-unread"
UNJUDGED = "graflow-unjudged"

CODES = {
    name: ErrorCode(name, description, "Graflow")
    for name, description in (
        (KEY_TYPE, "Check that a channel key is used with one type"),
        (KEY_UNKNOWN, "Check that a channel key that is read is written somewhere"),
        (KEY_DEFAULT, "Check that a channel key that is read with a default is written somewhere"),
        (KEY_SHAPE, "Check that a channel key is either a list or a value"),
        (RESULT, "Check that the task of a result exists"),
        (RESULT_AMBIGUOUS, "Check that the tasks of one id return one type"),
        (SCHEMA, "Check that a schema can be stored in a channel"),
        (UNREAD, "Check that the files of the program can be read and parsed"),
        (UNJUDGED, "Note what makes a check of keys or results impossible"),
    )
}
"""The codes by their names."""

OFF_BY_DEFAULT = frozenset({KEY_DEFAULT})
"""The codes that are reported only where it is asked for: who gives a default expects absence."""


def printable(message: str) -> str:
    """Return a message without lone surrogates, which mypy can neither print nor cache."""
    return message.encode("utf-8", "backslashreplace").decode()


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return the end of a message, which suggests the one of `names` that may have been meant."""
    close = get_close_matches(name, sorted(names), n=1, cutoff=0.7)
    return f'; did you mean "{close[0]}"?' if close else ""
