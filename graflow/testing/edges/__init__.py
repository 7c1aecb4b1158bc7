"""The table of edge cases: a name, a clause of the contract, and steps with their outcomes."""

from graflow.testing.edges import (
    entries,
    exact_times,
    keys,
    list_lengths,
    lists,
    names,
    numbers,
    ttls,
    value_types,
)
from graflow.testing.edges.edge import Edge
from graflow.testing.edges.holders import leases, locks, run_fences
from graflow.testing.edges.records import conditions, held_locks, kept
from graflow.testing.edges.texts import lookalikes, sizes
from graflow.testing.edges.transactions import (
    batches,
    operations_inside,
    races,
    read_modify_write,
    refusals,
    snapshots,
)
from graflow.testing.edges.views import keyed_views, typed_data, typed_views
from graflow.testing.edges.waiters import arrivals, told_changes

__all__ = ["EDGES", "Edge"]

_MODULES = (
    value_types,
    lists,
    list_lengths,
    numbers,
    keys,
    names,
    ttls,
    read_modify_write,
    batches,
    entries,
    operations_inside,
    refusals,
    races,
    run_fences,
    locks,
    leases,
    arrivals,
    told_changes,
    exact_times,
    snapshots,
    lookalikes,
    sizes,
    conditions,
    kept,
    held_locks,
    typed_views,
    typed_data,
    keyed_views,
)

EDGES: list[Edge] = [edge for module in _MODULES for edge in module.EDGES]
"""All edge cases; their names are unique within a capability."""
