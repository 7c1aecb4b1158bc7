"""Types of a script, in the processes that its tasks travel to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache

import pytest

from tests.paths import ROOT
from tests.servers import Server


@cache
def said(url: str, executor: str) -> str:
    """Return what the script prints."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.core.travel.travelled_types", url, executor],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("executor", ["spawn", "fork", "loky", "dask"])
def test_types_of_a_script_are_what_they_are_on_threads(
    executor: str, servers: Callable[[str], Server]
) -> None:
    """Each kind of them, whatever its annotations name in text: what fits, and what does not."""
    url = f"unix://{servers('valkey-9').socket}"
    here = said(url, "threads")
    assert "bill Bill(row={'cents': 1, 'status': <Status.PAID: 'paid'>}" in here
    assert "pair.__result__" not in here
    assert here.splitlines()[-1].endswith("status: should be an instance of Status, found 'paid'")
    assert said(url, executor) == here
