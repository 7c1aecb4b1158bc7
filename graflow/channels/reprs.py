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


_texts = _ShortRepr()


def short_repr(value: object) -> str:
    """Return the value's `repr`, or the beginning and the end of it."""
    return _texts.repr(value)
