"""The seeds of tests that search at random and take long: each test runs once with each."""

from __future__ import annotations

import os

import pytest

__all__ = ["SEEDS"]

_NAMED = os.environ.get("GRAFLOW_SEEDS")

SEEDS = (
    [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 5))]
    if _NAMED is None
    else [int(seed) for seed in _NAMED.split()]
)
"""Those that `GRAFLOW_SEEDS` names; else one, and four more for `make test-all`."""
