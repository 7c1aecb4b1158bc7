"""Blind spots: lines of a program that may write any key, or make a task of any id."""

from __future__ import annotations

from typing import NamedTuple

from graflow_mypy.program.types.forms import ANY_FORM, Form

__all__ = ["BlindSpot"]


class BlindSpot(NamedTuple):
    """A line of which it isn't known what key or id it is about.

    Attributes:
        module: Its module.
        line: Its number, from 1.
        does: What it does, as in "computes a key".
        form: The form of what it writes.
    """

    module: str
    line: int
    does: str
    form: Form = ANY_FORM
