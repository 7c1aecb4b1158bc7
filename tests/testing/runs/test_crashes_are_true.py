"""Crashes in a test leave what a killed process leaves."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from graflow.testing import crash_after, crash_before
from tests.commands import run
from tests.paths import ROOT
from tests.servers import Server
from tests.testing.runs.crashed import CASES, WAYS, Place

pytestmark = pytest.mark.needs_system

_OTHER = "7"  # a database of the server


@pytest.fixture(scope="session")  # a worker that came back to this module would run them again
def killed(
    tmp_path_factory: pytest.TempPathFactory, servers: Callable[[str], Server]
) -> Callable[[str], dict[str, Any]]:
    """A function that returns what killed processes have left, by case."""

    @cache
    def left(where: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("killed")
        place = where if where in ("memory", "sqlite") else servers(where).url[:-1] + _OTHER
        run(sys.executable, "-m", "tests.testing.runs.crashed", place, str(folder), cwd=ROOT)
        found: dict[str, Any] = json.loads((folder / "left.json").read_text())
        return found

    return left


@pytest.mark.parametrize(("awaited", "saves"), WAYS, ids=["threads", "saved", "loop-saved"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("where", ["memory", "sqlite", "valkey-9"])
def test_a_crash_leaves_what_a_kill_leaves(
    where: str,
    case: str,
    awaited: bool,
    saves: bool,
    killed: Callable[[str], dict[str, Any]],
    servers: Callable[[str], Server],
    tmp_path: Path,
) -> None:
    """In the channel, with all that it knows of runs, in its locks, and in the checkpoint."""
    url = where if where in ("memory", "sqlite") else servers(where).url
    place, (_, task_id, moment, attempt) = Place(url, tmp_path, awaited, saves), CASES[case]
    crashing = (
        crash_before(task_id, attempt=attempt or 1)
        if moment == "begins"
        else crash_after(task_id, saved=moment == "saved")
    )
    with closing(place.open(case)) as channel:
        with crashing:
            place.run(case, channel)
        left = json.loads(json.dumps(place.left(case, channel)))
    if where == "memory" and not saves:
        return  # a killed process leaves nothing at all
    assert left == killed(where)[f"{case} {awaited} {saves}"]
