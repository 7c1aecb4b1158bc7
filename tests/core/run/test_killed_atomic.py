"""Atomic tasks under `kill -9`: of the driver, and of the processes that run the tasks."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT
from tests.patience import LONG
from tests.seeds import LONGER
from tests.servers import Server

_KILLS = {"threads": 15, "processes": 8, "loky": 3}  # on each server, with each kind of channel
THOROUGH: list[Any] = [
    pytest.param(kind, how, executor, kills * LONGER, marks=pytest.mark.thorough)
    for kind, how, (executor, kills) in [
        *product(("valkey-9", "redis-6.2"), ("shared", "per_run"), _KILLS.items()),
        ("sqlite", "shared", ("threads", _KILLS["threads"])),
        ("sqlite", "per_run", ("processes", _KILLS["processes"])),
    ]
]
"""More than 100 kills, and ten times as many in `make conformance-long`."""


@pytest.mark.timeout(LONG)
@pytest.mark.parametrize(
    ("kind", "how", "executor", "kills"),
    [
        ("redis-6.2", "shared", "threads", 15),
        ("valkey-9", "per_run", "processes", 15),
        ("sqlite", "shared", "processes", 15),
        *THOROUGH,
    ],
)
def test_what_is_killed_happens_once_and_as_a_whole(
    kind: str,
    how: str,
    executor: str,
    kills: int,
    tmp_path: Path,
    servers: Callable[[str], Server],
) -> None:
    """At random moments; `killed_atomic.py` says what is checked."""
    if kind == "sqlite":
        url = f"sqlite:{tmp_path / 'channels.db'}"
    else:
        url = f"unix://{servers(kind).socket}"
    program = [sys.executable, "-m", "tests.core.run.killed_atomic"]
    out = tmp_path / "out"
    with out.open("w") as file:  # a pipe would not end as long as anybody has it
        done = subprocess.run(
            [*program, url, how, executor, str(tmp_path), str(kills)],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    said = out.read_text()
    assert done.returncode == 0, said
    (told,) = re.findall(r"^(\d+) kills", said, re.MULTILINE)
    assert int(told) >= kills
