"""The line on the terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading

import pytest

from graflow.core.run.notebook_line import NotebookLine
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended

PROGRAM = """
from graflow import parallel, task, workflow
from graflow.exceptions import TaskFailedError

with workflow("bars [red]") as wf:
    parallel(*(task(f"t{n}")(lambda: None) for n in range(7))) >> task("bad")(lambda: 1 / 0)
try:
    wf.execute(progress=True)
except TaskFailedError:
    print("failed as it should")
"""


RETRIED = """
from graflow import TaskEvent
from graflow.core.run.progress import Progress

event = TaskEvent("wf", "bad", "run", 1)
with Progress("wf", 3, 1) as line:
    line.task_started(event)
    line.task_retried(event, ConnectionError(), 60)
with Progress("wf", 3, 2) as line:
    line.task_started(event)
    line.task_retried(event, ConnectionError(), 60)
    line.task_started(event)
"""


def seen_on_terminal(program: str) -> str:
    """Run a program on a terminal, and return what it showed, without colours and the like."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with attended(
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            stderr=terminal,
            stdout=terminal,
        )
    ) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(controller, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        os.close(controller)
        assert process.wait(PATIENCE) == 0
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())


def test_a_terminal_shows_how_far_a_run_is() -> None:
    """The workflow's name as it is, the counts, and the time that is left."""
    text = seen_on_terminal(PROGRAM)
    assert "bars [red]" in text
    assert "7 done, 0 running, 1 failed" in text
    assert re.search(r"-?\d*:\d\d|-:--:--", text)
    assert "failed as it should" in text


def test_tasks_that_pause_before_they_are_tried_again_are_counted() -> None:
    """A run that waits for them is not taken for one that hangs."""
    text = seen_on_terminal(RETRIED)
    assert "1 done, 0 running, 1 retrying, 0 failed" in text
    assert text.rindex("2 done, 1 running, 0 failed") > text.rindex("retrying")


def test_nothing_is_shown_where_there_is_no_terminal() -> None:
    """As in a log file."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("failed as it should\n", "")


class Output:
    """An output of a cell that can be replaced, in place of that of a kernel."""

    def __init__(self) -> None:
        self.shown = 0
        self.replaced = threading.Event()

    def update(self, shown: object) -> None:
        """Count it."""
        self.shown += 1
        self.replaced.set()


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    """What IPython shows next."""
    found = Output()
    monkeypatch.setattr("IPython.display.display", lambda shown, display_id: found)
    return found


@pytest.mark.needs_system
def test_the_line_of_a_notebook_goes_on_by_itself(output: Output) -> None:
    """A thread shows it anew, also while nothing happens; at the end it is shown once more."""
    line = NotebookLine("a line")
    line.start()
    assert output.replaced.wait(PATIENCE)
    line.stop()
    shown = output.shown
    assert shown >= 2
    line.changed()
    assert output.shown == shown


@pytest.mark.needs_system  # IPython
def test_without_threads_the_line_goes_on_with_what_happens(
    output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not more often than somebody can see."""
    now = [100.0]
    monkeypatch.setattr("graflow.core.run.notebook_line.has_threads", lambda: False)
    monkeypatch.setattr("graflow.core.run.notebook_line.monotonic", lambda: now[0])
    line = NotebookLine("a line")
    line.start()
    for _ in range(10):
        line.changed()
    assert output.shown == 1
    now[0] += 1
    line.changed()
    line.stop()
    assert output.shown == 3
