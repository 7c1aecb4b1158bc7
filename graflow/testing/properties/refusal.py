"""Refusal of a backend whose operation raised, with the clause and the script of the trial."""

from __future__ import annotations

from typing import NoReturn

from graflow.testing.trials.trial import Trial

__all__ = ["refuse"]


def refuse(trial: Trial, found: str, clause: str, error: Exception) -> NoReturn:
    """Raise `Broken` because of an error.

    Args:
        trial: What was tried.
        found: What happened.
        clause: What the contract says.
        error: The error, which becomes the cause.
    """
    for line in found.splitlines():
        trial.note(f"# {line}")
    trial.require(False, clause, error)
    raise AssertionError(clause)
