"""A plugin for pytest that puts another SQLite in place of Python's: that of a wheel.

`python -m pytest -p tests.other_sqlite`, with `pysqlite3` on the path.
"""

from __future__ import annotations

import importlib
import sys

import pytest

_other = importlib.import_module("pysqlite3")
sys.modules["sqlite3"] = _other
sys.modules["sqlite3.dbapi2"] = importlib.import_module("pysqlite3.dbapi2")


def pytest_report_header(config: pytest.Config) -> str:
    """Say which one it is."""
    return f"SQLite {_other.sqlite_version}"
