"""Processes that are killed, and disks that fill: what was answered is there, once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from graflow import SQLiteChannel
from tests.paths import ROOT
from tests.patience import LONG
from tests.seeds import LONGER


@pytest.mark.timeout(LONG)
@pytest.mark.parametrize("kills", [60, pytest.param(300 * LONGER, marks=pytest.mark.thorough)])
def test_killed_processes_lose_and_double_nothing(kills: int, tmp_path: Path) -> None:
    """At random moments; `killed.py` says what is checked."""
    program = [sys.executable, "-m", "tests.channels.sqlite.killed", str(tmp_path / "a.db")]
    program.append(str(kills))
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (told, changes) = re.findall(r"^(\d+) kills, (\d+) changes", done.stdout)[0]
    assert int(told) == kills
    assert int(changes) > kills


FILLING = """
import resource, sys
from graflow import SQLiteChannel
from graflow.exceptions import ChannelServerError
writes = {
    "set": lambda channel: channel.set("big", "x" * 3_000_000),
    "set list": lambda channel: channel.set("big", ["x" * 1000] * 3000),
    "append": lambda channel: channel.append("list", "x" * 3_000_000),
    "prepend": lambda channel: channel.prepend("list", "x" * 3_000_000),
    "set_many": lambda channel: channel.set_many({"a": "x" * 1_500_000, "b": "x" * 1_500_000}),
    "add": lambda channel: channel.add("new", "x" * 3_000_000),
    "update": lambda channel: channel.update("key", lambda old: "x" * 3_000_000),
    "transact": lambda channel: channel.transact(
        lambda tx: (tx.set("key", 2), tx.append("list", "x" * 3_000_000))
    ),
}
channel = SQLiteChannel("job", sys.argv[1])
channel.set("key", 1)
channel.append("list", 1)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
for name, write in writes.items():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        write(channel)
    except ChannelServerError as error:
        assert sys.argv[1] in str(error) and "nothing was stored" in str(error), error
    else:
        raise SystemExit(f"{name} was not refused")
    assert channel.get("key") == 1 and channel.get("list") == [1], name
    assert sorted(channel.keys()) == ["key", "list"], name
    channel.set("small", 1)
    channel.delete("small")
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    channel.append("log", name)
    channel.pop("log")
for write in writes.values():
    write(channel)
print("done")
"""


def test_a_disk_that_fills_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """Each kind of write is refused, and possible when there is room again."""
    path = tmp_path / "channels.db"
    program = [sys.executable, "-c", FILLING, str(path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "done\n", done.stderr
    with SQLiteChannel("job", path) as channel:
        assert sorted(channel.keys()) == ["a", "b", "big", "key", "list", "new"]
