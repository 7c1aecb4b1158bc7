"""Edge cases of the length of a list: what an operation takes does not grow with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from graflow.testing.edges.edge import edge
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_SHORT, _LONG = 5_000, 20_000  # items
_ITEM = "x" * 100
_TRIES = 5  # of which the least counts: a store may need more room now and then
_MORE = 40_000  # bytes, less than a pointer for each item that the long list has more


def _takes_no_more(trial: Trial) -> None:
    """Measure the memory of this process; what a server does with the list is not seen."""
    channel = trial.open("job")
    for name, add in (("append", channel.append), ("prepend", channel.prepend)):
        took = []
        for length in (_SHORT, _LONG):
            trial.note(f"a.set('list', [{'x'!r} * 100] * {length}); a.{name}('list', 'x')")
            channel.set("list", [_ITEM] * length)
            took.append(_bytes_of(lambda add=add: add("list", "x")))  # type: ignore[misc]
        trial.require(
            took[1] - took[0] < _MORE,
            f"what {name} takes does not grow with the list; for {_SHORT:,} items it took "
            f"{took[0]:,} bytes, for {_LONG:,} items {took[1]:,}",
        )


def _bytes_of(act: Callable[[], object]) -> int:
    """Return how many bytes of memory an operation takes at the least, at its highest point."""
    took = []
    with _traced():
        for _ in range(_TRIES):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            act()
            took.append(tracemalloc.get_traced_memory()[1] - before)
    return min(took)


@contextmanager
def _traced() -> Iterator[None]:
    """Trace memory, unless somebody does so already."""
    is_traced = tracemalloc.is_tracing()
    if not is_traced:
        tracemalloc.start()
    try:
        yield
    finally:
        if not is_traced:
            tracemalloc.stop()


EDGES = [
    edge(
        Capability.LISTS,
        "adding to a long list takes no more than to a short one",
        "O(1) in the list's length",
        body=_takes_no_more,
        is_slow=True,
        unless="linear_append",
    ),
]
"""Edge cases of the length of a list."""
