"""The tally: how much was tried."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """How much was tried of a backend, for the end of the report.

    Attributes:
        operations: Operations whose outcome was compared with the contract.
        interleavings: Histories of threads or processes for which an order was looked for.
        faults_injected: Lost replies and restarts that the harness was asked for.
        faults_seen: Those of them that took effect.
    """

    operations: int = 0
    interleavings: int = 0
    faults_injected: int = 0
    faults_seen: int = 0

    def add_history(self, operations: int) -> None:
        """Count what threads or processes did at once, and one interleaving of it."""
        self.operations += operations
        self.interleavings += 1

    @property
    def counts(self) -> tuple[int, ...]:
        """All numbers, in the order of the attributes."""
        return tuple(getattr(self, each.name) for each in fields(self))

    def __add__(self, other: Tally) -> Tally:
        """Return the sum of two."""
        return Tally(*map(sum, zip(self.counts, other.counts, strict=True)))

    def since(self, earlier: Tally) -> Tally:
        """Return what was added to an earlier state."""
        return Tally(*(now - then for now, then in zip(self.counts, earlier.counts, strict=True)))

    def copy(self) -> Self:
        """Return the present state."""
        return type(self)(*self.counts)

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"tried: {_count(self.operations, 'operation')}, "
            f"{_count(self.interleavings, 'interleaving')} of threads and processes, "
            f"{_count(self.faults_injected, 'fault')} injected, {self.faults_seen:,} seen"
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
