"""Tests that take long: the seeds of those that search at random, and how far they all go."""

from __future__ import annotations

import os

import pytest

__all__ = ["CASES_STEP", "LONGER", "SEEDS"]

_NAMED = os.environ.get("GRAFLOW_SEEDS")

LONGER = int(os.environ.get("GRAFLOW_CONFORMANCE_TIMES", "1"))
"""How many times as far as in `make test-all` they go; see `make conformance-long`."""

CASES_STEP = int(os.environ.get("GRAFLOW_CASES_STEP", "1"))
"""Of so many of the plugin's cases one is tried, as `.ci/run` does with the oldest mypy."""

SEEDS = (
    [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 5))]
    if _NAMED is None
    else [int(seed) for seed in _NAMED.split()]
)
"""Those that `GRAFLOW_SEEDS` names; else one, and four more for `make test-all`."""
