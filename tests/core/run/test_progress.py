"""The line on the terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

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


def test_a_terminal_shows_how_far_a_run_is() -> None:
    """The workflow's name as it is, the counts, and the time that is left."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    program = [sys.executable, "-c", PROGRAM]
    with attended(
        subprocess.Popen(program, cwd=ROOT, env=environment, stderr=terminal, stdout=terminal)
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
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert "bars [red]" in text
    assert "7 done, 0 running, 1 failed" in text
    assert re.search(r"-?\d*:\d\d|-:--:--", text)
    assert "failed as it should" in text


def test_nothing_is_shown_where_there_is_no_terminal() -> None:
    """As in a log file."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("failed as it should\n", "")
