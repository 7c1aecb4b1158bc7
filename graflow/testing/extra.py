"""The libraries of the extra `testing`, and the error when one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graflow.system.extras import missing

__all__ = ["of_the_extra"]

_LIBRARIES = frozenset({"hypothesis", "pytest", "rich", "typer"})


@contextmanager
def of_the_extra(purpose: str) -> Iterator[None]:
    """Translate errors of imports in the body, if a library of the extra is missing.

    Args:
        purpose: What needs the library, for the message.

    Raises:
        ExtraMissingError: The library is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _LIBRARIES:
            raise
        raise missing(library, "testing", purpose) from error
