"""Boxes in order, for the tests of pictures."""

from __future__ import annotations

from random import Random

from graflow.pictures import Box

__all__ = ["chain", "drawn_at_random", "named"]


def named(**after: str) -> list[Box]:
    """Return boxes by name, each after those that its text names."""
    return [Box(name, tuple(others.split())) for name, others in after.items()]


def chain(length: int) -> list[Box]:
    """Return boxes in a row."""
    return [Box(f"t{n}", (f"t{n - 1}",) if n else ()) for n in range(length)]


def drawn_at_random(seed: int, size: int) -> list[Box]:
    """Return boxes of which each is after a few of those before it, some of them far away."""
    random = Random(seed)
    boxes = []
    for number in range(size):
        near = range(max(0, number - random.choice([3, 12, size])), number)
        before = random.sample(near, min(len(near), random.choice([0, 1, 1, 2, 3])))
        boxes.append(Box(f"step_{number}", tuple(f"step_{other}" for other in sorted(before))))
    return boxes
