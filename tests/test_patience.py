"""Tests that hang end with an error that says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.paths import ROOT

HANGS = """
import time
from hypothesis import given, strategies as st

@given(st.integers())
def test_hangs(number):
    time.sleep(3600)
"""


def test_a_hang_below_hypothesis_is_called_one(tmp_path: Path) -> None:
    """It is not taken for an example that fails, and is tried again and found to be flaky."""
    module = tmp_path / "test_sample.py"
    module.write_text(HANGS)
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "--timeout", "1")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", ROOT / "pyproject.toml", module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TookTooLong: Timeout (>1.0s) from pytest-timeout." in ran.stdout, ran.stdout
    assert "Flaky" not in ran.stdout
