"""An edge case: a few steps, and the outcome that the contract requires of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from graflow.testing.harness import Capability
from graflow.testing.trials.steps import Body, Move, Step
from graflow.testing.trials.trial import Trial

__all__ = ["Edge", "edge"]


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge case.

    Attributes:
        name: The name, unique within the capability.
        capability: The line of the report where it counts.
        clause: The words of the contract that it tests.
        moves: Steps with their outcomes.
        body: Checks that can't be expressed as steps.
        needs: What else the backend must support.
        moves_time: Whether it can only be tried if the harness can move time.
        is_slow: Whether it comes after the quick ones.
        unless: The attribute of `Capabilities` that, if it gives a reason, exempts from it.
    """

    name: str
    capability: Capability
    clause: str
    moves: tuple[Move, ...] = ()
    body: Callable[[Trial], None] | None = None
    needs: frozenset[Capability] = frozenset()
    moves_time: bool = False
    is_slow: bool = False
    unless: str = ""

    def __str__(self) -> str:
        return f"{self.capability}: {self.name}"

    def run(self, trial: Trial) -> None:
        """Carry out the steps, and then compare everything that is stored."""
        for move in self.moves:
            trial.check(move.step, move.outcome)
        if self.body is not None:
            self.body(trial)
        else:
            trial.look(dict.fromkeys(move.step.channel for move in self.moves))


def edge(
    capability: Capability,
    name: str,
    clause: str,
    *parts: Move | Step,
    body: Callable[[Trial], None] | None = None,
    needs: Iterable[Capability] = (),
    moves_time: bool = False,
    is_slow: bool = False,
    unless: str = "",
) -> Edge:
    """Make an edge case; steps without an outcome must return `None`."""
    moves = tuple(part if isinstance(part, Move) else part.gives(None) for part in parts)
    needed = {capability, *needs}
    for step in _all_of(moves):
        if step.operation in {"advance", "touch"} or step.options.get("ttl") is not None:
            needed.add(Capability.TTL)
        if step.operation in {"lock", "unlock"}:
            needed.add(Capability.LOCK)
    return Edge(
        name, capability, clause, moves, body, frozenset(needed), moves_time, is_slow, unless
    )


def _all_of(moves: Iterable[Move]) -> Iterator[Step]:
    """Yield all steps, also those inside a transaction."""
    for move in moves:
        yield move.step
        for each in move.step.args:
            if isinstance(each, Body):
                yield from each.steps
