"""Optional libraries that only some runs need, so that graflow does not depend on them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from graflow.exceptions import ExtraMissingError

__all__ = ["missing", "require"]


def require(library: str, extra: str, purpose: str) -> Any:
    """Return a library.

    Args:
        library: Its name, for import.
        extra: The extra of graflow that installs it.
        purpose: What needs it, for the message.

    Raises:
        ExtraMissingError: It is not installed.
    """
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != library.partition(".")[0]:
            raise
        raise missing(library, extra, purpose) from error


def missing(library: str, extra: str, purpose: str) -> ExtraMissingError:
    """Return the error that says which library is missing, and how to get it."""
    return ExtraMissingError(
        f"{purpose} needs {library}, which is not installed: pip install {library}, or install "
        f"graflow with its extra {extra!r}"
    )
