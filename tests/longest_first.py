"""The order of tests: the longest begin, or all would wait for one of them at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

__all__ = ["LONGEST", "longest_first"]

LONGEST: Final = (
    "test_nobody_misses_one_of_many_changes",
    "test_suite.py::test_a_correct_channel_passes",
    "test_suite.py::test_what_is_declared_unsupported",
    "test_edits.py::",
    "test_pairs.py::",
    "an_installed_",
    "any sequence of operations",
    "test_a_server_is_tried[valkey-9]",
    "test_the_plain_way_",
    "test_page.py::test_the_suite_accepts_the_example",
    "test_this_project_is_seen_in_full",
    "tests/checkers/",
    "get_many is not one moment",
    "sqlite/test_crashes.py::",
    "test_tutorial.py::",
)
"""Parts of the names of the tests that take longest, those of the very longest first."""


def longest_first(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return tests in the order in which so many workers begin with the longest ones.

    `--dist worksteal` gives each worker a part of the list, all of the same length; a worker that
    has done its part gets some from the end of another's.
    """
    long = {item: rank for item in items if (rank := _rank(item.nodeid)) is not None}
    longest, others = sorted(long, key=long.__getitem__), [it for it in items if it not in long]
    ordered = list[pytest.Item]()
    for worker in range(workers):
        part = longest[worker::workers]
        length = (len(items) - len(ordered)) // (workers - worker)
        rest = max(0, length - len(part))
        ordered += part + others[:rest]
        others = others[rest:]
    return ordered


def _rank(name: str) -> int | None:
    return next((rank for rank, part in enumerate(LONGEST) if part in name), None)
