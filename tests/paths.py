"""Paths of the repository, wherever a test that needs them is."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ROOT"]

ROOT = Path(__file__).parents[1]
"""The directory that has the library, its tests and its documentation."""
