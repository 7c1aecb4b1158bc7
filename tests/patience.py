"""Patience of the tests: how long they wait for what has to come, on a busy machine too.

What only ends a hang takes one of these, and never a number that fits an idle machine: a process
gets no timeout of its own, as it ends with its test. `timeout` in `pyproject.toml` is for a test.
"""

from __future__ import annotations

from graflow.system.without_threads import has_threads

__all__ = ["LONG", "PATIENCE"]

PATIENCE = 240.0 if has_threads() else 5.0
"""Seconds to wait for something that takes an idle machine some seconds at most.

Where there is one thread, what has not happened before does not happen while it waits.
"""

LONG = 2400
"""Seconds for a test that takes an idle machine a minute or more."""
