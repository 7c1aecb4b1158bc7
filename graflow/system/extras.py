"""Optional libraries, imported only when a feature needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from graflow.exceptions import ExtraMissingError

__all__ = ["missing", "require"]


def require(library: str, extra: str, purpose: str, *, distribution: str = "") -> Any:
    """Import a library.

    Args:
        library: Its import name.
        extra: The extra of graflow that installs it.
        purpose: What needs it, for the message.
        distribution: What to install, if it is not called as the library is.

    Raises:
        ExtraMissingError: It is not installed.
    """
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != library.partition(".")[0]:
            raise
        raise missing(distribution or library, extra, purpose) from error


def missing(library: str, extra: str, purpose: str) -> ExtraMissingError:
    """Return an error that says which library is missing, and how to install it."""
    return ExtraMissingError(
        f"{purpose} needs {library}, which is not installed: pip install {library}, or install "
        f"graflow with its extra {extra!r}"
    )
