"""Patience of the tests: how long they wait for what has to come, on a busy machine too.

What only ends a hang takes one of these, and never a number that fits an idle machine: a process
gets no timeout of its own, as it ends with its test. `timeout` in `pyproject.toml` is for a test.
"""

from __future__ import annotations

__all__ = ["LONG", "PATIENCE"]

PATIENCE = 240.0
"""Seconds to wait for something that takes an idle machine some seconds at most."""

LONG = 2400
"""Seconds for a test that takes an idle machine a minute or more."""
