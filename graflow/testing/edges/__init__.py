"""The table of edge cases: a name, a clause of the contract, and steps with their outcomes."""

from graflow.testing.edges import (
    batches,
    keyed,
    keys,
    lists,
    locks,
    numbers,
    ttls,
    typed,
    updates,
    values,
)
from graflow.testing.edges.edge import Edge

__all__ = ["EDGES", "Edge"]

_MODULES = (values, lists, numbers, keys, ttls, updates, batches, locks, typed, keyed)

EDGES: list[Edge] = [edge for module in _MODULES for edge in module.EDGES]
"""All edge cases; their names are unique within a capability."""
