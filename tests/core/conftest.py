"""Fixtures of tests of runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE

SHARED = ("graflow-aio", "graflow-runs")
"""How the names of threads begin that any number of runs share, and that stay for a while."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint goes."""
    return tmp_path / "run.json"


@pytest.fixture
def no_threads_left() -> Iterator[None]:
    """Every thread that a test's runs started is gone after it, but for those that runs share."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(SHARED):
            continue
        thread.join(PATIENCE)  # one that was interrupted at its start may need a moment to see it
        assert not thread.is_alive()
