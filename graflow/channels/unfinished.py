"""Handles whose `__init__` has not ended, or has failed, as debuggers and tracebacks show them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

__all__ = ["even_unfinished"]

H = TypeVar("H")


def even_unfinished(show: Callable[[H], str]) -> Callable[[H], str]:
    """Have a `__repr__` return text for a handle that lacks attributes, too."""

    @wraps(show)
    def shown(handle: H) -> str:
        try:
            return show(handle)
        except AttributeError:
            return f"{type(handle).__name__}(not open)"

    return shown
