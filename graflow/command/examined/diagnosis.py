"""`Diagnosis`: a line of what `check` and `doctor` say."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Diagnosis", "amount"]


class Diagnosis(NamedTuple):
    """What was found.

    Attributes:
        what: What it is about.
        says: What was found.
        state: `ok`; `bad`, if something is missing or in the way; empty if it is neither.
    """

    what: str
    says: str
    state: str = ""


def amount(size: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"
