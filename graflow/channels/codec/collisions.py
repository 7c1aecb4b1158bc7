"""Bound on equal hashes: a set whose elements all share one hash takes minutes to build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

__all__ = ["collides"]

_FEW = 1_000  # elements, which are built in no time whatever their hashes
_MOST = 10_000_000  # comparisons; more than this is not an accident


def collides(elements: Collection[object]) -> bool:
    """Tell whether so many elements share a hash that a set of them takes long to build.

    Hashes of text and bytes differ from process to process, but those of numbers are known to
    anyone who wants them to be equal: 0, 2**61 - 1, 2 * (2**61 - 1), ...
    """
    if len(elements) <= _FEW:
        return False
    counts = Counter(map(hash, elements))
    return len(counts) < len(elements) and sum(n * n for n in counts.values() if n > 1) > _MOST
