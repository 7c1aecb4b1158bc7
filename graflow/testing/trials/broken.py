"""The failure of a check: a clause that a backend breaks, and a script that shows it."""

from __future__ import annotations

from typing import Self

__all__ = ["Broken"]


class Broken(AssertionError):
    """A backend breaks a clause of the contract; the message contains a script that shows it.

    Attributes:
        clause: The clause.
        outcome: What its last line shows, and what the contract says.
        cause: What it has in common with failures of other checks that have the same cause; empty
            if that is not known.
        is_error: Whether the cause is an error that the contract does not provide for, so that
            the clause could not be tried.
    """

    clause = ""
    outcome = ""
    cause = ""
    is_error = False

    @classmethod
    def of(
        cls, clause: str, code: str, outcome: str, cause: str = "", *, is_error: bool = False
    ) -> Self:
        """Compose one from a clause, a script, and what its last line shows."""
        comments = "\n".join(f"# {line}" for line in outcome.splitlines())
        broken = cls(f"{clause}\n\n{code}\n{comments}")
        broken.clause, broken.outcome = clause, outcome
        broken.cause, broken.is_error = cause, is_error
        return broken
