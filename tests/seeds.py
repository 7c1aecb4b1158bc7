"""The seeds of tests that search at random and take long: each test runs once with each."""

from __future__ import annotations

import os

__all__ = ["SEEDS"]

SEEDS = [int(seed) for seed in os.environ.get("GRAFLOW_SEEDS", "0 1 2 3 4").split()]
"""All of them, or those that `GRAFLOW_SEEDS` names."""
