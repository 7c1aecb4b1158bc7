"""The table of edge cases: a name, a clause of the contract, and what must come of each step."""

from graflow.testing.edges import batches, keys, lists, locks, numbers, ttls, updates, values
from graflow.testing.edges.edge import Edge

__all__ = ["EDGES", "Edge"]

EDGES: list[Edge] = [
    *values.EDGES,
    *lists.EDGES,
    *numbers.EDGES,
    *keys.EDGES,
    *ttls.EDGES,
    *updates.EDGES,
    *batches.EDGES,
    *locks.EDGES,
]
"""All edge cases; their names are unique within a capability."""
