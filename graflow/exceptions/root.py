"""The root of all errors."""

from __future__ import annotations

__all__ = ["GraflowError"]


class GraflowError(Exception):
    """The root of every error that graflow raises."""

    def __str__(self) -> str:
        """Show the message as written (`KeyError` alone would show its `repr`)."""
        return str(self.args[0]) if len(self.args) == 1 else super().__str__()
