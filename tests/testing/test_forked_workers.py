"""The fork of the suite: what is said of a child that never begins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.paths import ROOT

HANGING = """
import sys
import threading

from graflow.channels.base import Channel
from graflow.system.forks import guard
from graflow.testing.properties.concurrency.after_forks import Fork
from graflow.testing.workers import meeting
from tests.testing.sqlite_store import SqliteBackend


class Hanging(SqliteBackend):
    def __init__(self, name, path):
        super().__init__(name, path)
        self.lock = threading.Lock()
        guard(self)

    def start_anew(self):
        threading.Event().wait()


meeting._TOGETHER = 1.0
channel = Channel(Hanging("job", sys.argv[1]))
seat = meeting.Seat(meeting.Meeting.of_threads(1), 0)
try:
    Fork("anything", channel, 1, 0.001)(seat)
except Exception as error:
    print(error)
"""


def test_a_child_that_hangs_after_a_fork_is_named(tmp_path: Path) -> None:
    """The failure says where to look, and the child is ended."""
    done = subprocess.run(
        [sys.executable, "-c", HANGING, str(tmp_path / "channels.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    assert done.stdout == (
        "the child: ('anything',) raised TimeoutError: it did not begin; "
        "what runs in it right after the fork, such as `start_anew`, does not end\n"
    )
