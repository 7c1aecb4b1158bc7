"""Texts of values for error messages: short ones, and never an error themselves."""

from __future__ import annotations

import reprlib

__all__ = ["short_repr"]


class _ShortRepr(reprlib.Repr):
    """Makes the texts."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 60

    def repr_int(self, x: int, level: int) -> str:
        """Return the number, unless it has more digits than Python converts."""
        size = x.bit_length()
        return super().repr_int(x, level) if size < 1000 else f"an int of {size:,} bits"


_short = _ShortRepr()


def short_repr(value: object) -> str:
    """Return a `repr` that is short enough for an error message."""
    return _short.repr(value)
