"""A run that is killed, and another process that goes on with it.

`python -m examples.resumed` starts the survey of the world's airports in a second process, which is
killed with SIGKILL in the middle of it. A third process goes on from the checkpoint: the tasks that
had ended do not run again, and what the killed one had not finished has left no trace.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from typing_extensions import override

from examples.airports import Report, survey_of_the_world
from graflow import RunObserver, SQLiteChannel, TaskEvent


class Story(NamedTuple):
    """What happened.

    Attributes:
        before: The tasks that ended in the process that was killed.
        after: Those that ended in the one that went on.
        report: The report of the run.
    """

    before: list[str]
    after: list[str]
    report: Report


class Diary(RunObserver):
    """Write down each task that ends, and kill this process when a certain one starts."""

    def __init__(self, victim: str | None) -> None:
        """Take the id of the task that is not to survive."""
        self._victim = victim

    @override
    def task_started(self, event: TaskEvent) -> None:
        """End the process at once, as a power cut would."""
        if event.task_id == self._victim:
            os.kill(os.getpid(), signal.SIGKILL)

    @override
    def task_finished(self, event: TaskEvent) -> None:
        """Say that it has ended."""
        print(event.task_id, flush=True)


def run(folder: Path, victim: str | None = None) -> Report:
    """Begin the run in a folder, or go on with the one that was begun there."""
    wf = survey_of_the_world(SQLiteChannel("airports", folder / "channels.db"))
    diary = Diary(victim)
    report: Report = wf.run(checkpoint=folder / "run.json", max_workers=1, observers=[diary])
    return report


def play(folder: Path) -> Story:
    """Run it in a process that is killed, and then in another one."""
    command = [sys.executable, "-m", "examples.resumed", str(folder)]
    killed = subprocess.run([*command, "asia"], stdout=subprocess.PIPE, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    resumed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    *after, report = resumed.stdout.splitlines()
    return Story(killed.stdout.splitlines(), after, json.loads(report))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(run(Path(sys.argv[1]), *sys.argv[2:])))
    else:
        with tempfile.TemporaryDirectory() as folder:
            story = play(Path(folder))
        print("before the kill:", *story.before)
        print("after it:", *story.after)
