"""The order of tests for workers."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.longest_first import LONGEST, longest_first


class Named(NamedTuple):
    """What is known of a test before it runs."""

    nodeid: str


@pytest.mark.parametrize("workers", [1, 2, 3, 6, 40])
@pytest.mark.parametrize("others", [0, 1, 100])
def test_each_worker_begins_with_long_tests(workers: int, others: int) -> None:
    """The very longest before all; none is lost, and the others stay in their order."""
    short: list[Any] = [Named(f"test_short[{number}]") for number in range(others)]
    long: list[Any] = [Named(f"tests/{part}/long") for part in LONGEST]
    ordered = longest_first([*short, *reversed(long)], workers)
    assert ordered[0] is long[0]
    assert {*ordered} == {*short, *long}
    assert len(ordered) == len(short) + len(long)
    assert [each for each in ordered if each in short] == short
    if others == 100 and workers <= 6:
        parts, start = list[list[Any]](), 0
        for worker in range(workers):  # as `--dist worksteal` parts them
            end = start + (len(ordered) - start) // (workers - worker)
            parts.append(ordered[start:end])
            start = end
        assert [part[0] for part in parts] == long[:workers]
        assert [[each for each in part if each in long] for part in parts] == [
            long[worker::workers] for worker in range(workers)
        ]
