"""Tests that search at random and take long: their seeds, and how far they go."""

from __future__ import annotations

import os

import pytest

__all__ = ["LONGER", "SEEDS"]

_NAMED = os.environ.get("GRAFLOW_SEEDS")

LONGER = int(os.environ.get("GRAFLOW_CONFORMANCE_TIMES", "1"))
"""How many times as far as in `make test-all` they go; see `make conformance-long`."""

SEEDS = (
    [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 5))]
    if _NAMED is None
    else [int(seed) for seed in _NAMED.split()]
)
"""Those that `GRAFLOW_SEEDS` names; else one, and four more for `make test-all`."""
