"""The end of a store in the middle of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graflow.exceptions import ChannelConnectionError, GraflowError

if TYPE_CHECKING:
    from graflow.testing.harness import Harness

__all__ = ["StoreGone", "require_store"]


class StoreGone(BaseException):
    """The store can't be reached any more, so nothing else can be tried.

    It is no `Exception`, as Hypothesis would take that for the failure of an example, and search
    for a shorter one on a store that answers nothing.
    """


def require_store(harness: Harness, name: str, error: BaseException) -> None:
    """Look whether a store is still there, unless an error clearly came from it.

    Args:
        harness: Opens one more handle.
        name: The name of a channel.
        error: What an operation, or a means of the harness, raised.

    Raises:
        StoreGone: It is not: a read through a new handle can't reach it.
    """
    if isinstance(error, GraflowError) and not isinstance(error, ChannelConnectionError):
        return
    try:
        with harness.open(name) as channel:
            channel.exists("key")
    except ConnectionError as gone:
        raise StoreGone(str(gone)) from error
    except Exception:  # noqa: BLE001 - a broken backend raises anything
        return
