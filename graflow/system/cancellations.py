"""Cancellations of calls that were carried out all the same, with what they returned."""

from __future__ import annotations

from asyncio import CancelledError
from typing import Any, Final

__all__ = ["carried_out", "result_of"]

_RESULT: Final = "graflow_result"


def carried_out(cancelled: CancelledError, result: object) -> CancelledError:
    """Note on a cancellation what the call has returned that it came too late for.

    It stays the exception that it is, since `asyncio.timeout` takes no other.
    """
    vars(cancelled)[_RESULT] = result
    return cancelled


def result_of(cancelled: CancelledError, otherwise: object) -> Any:
    """Return what the cancelled call has returned, or else `otherwise`."""
    return vars(cancelled).get(_RESULT, otherwise)
