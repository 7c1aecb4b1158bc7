"""A program that pays in a run, or goes on with one, for tests that freeze it.

`python -m tests.core.run.frozen_driver URL KIND EXECUTOR NAME FOLDER CHECKPOINT`: the task that
pays is `atomic` or `plain`, on `threads` or `processes`. Once it has begun, the file NAME.begun in
FOLDER holds the id of its process; `first` then waits until there is a file `go`. What the run
returned, or the name of what it raised, is printed.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from graflow import RedisChannel, TaskExecutionContext, task, workflow
from graflow.core.registry import tenure
from graflow.core.workflow import Workflow
from graflow.exceptions import RunSupersededError

__all__ = ["LEASE", "make"]

LEASE = 600
"""Ms after which a run of this program that is not heard of counts as dead."""


def transfer(ctx: TaskExecutionContext, name: str, folder: str) -> str:
    """Pay, half of it before a long pause."""
    channel = ctx.get_channel()
    channel.append("begun", name)
    begun = Path(folder, f"{name}.new")
    begun.write_text(str(os.getpid()))
    begun.rename(Path(folder, f"{name}.begun"))
    while name == "first" and not Path(folder, "go").exists():
        time.sleep(0.01)
    channel.append("payments", name)
    return name


@task(inject_context=True)
def after(ctx: TaskExecutionContext) -> str:
    """Tell who has paid."""
    ctx.get_channel().append("after", ctx.get_result("transfer"))
    return str(ctx.get_result("transfer"))


def make(channel: RedisChannel, kind: str, name: str, folder: str) -> Workflow:
    """Return the workflow."""
    paying = task(inject_context=True, atomic=kind == "atomic")(transfer)
    with workflow("pays", channel=channel) as wf:
        paying(task_id="transfer", name=name, folder=folder) >> after
    return wf


def main(url: str, kind: str, executor: str, name: str, folder: str, checkpoint: str) -> None:
    """Run the workflow, or go on with it, if there is a checkpoint."""
    logging.basicConfig(format="%(message)s")
    tenure.LEASE = LEASE
    pool = partial(ProcessPoolExecutor, 1) if executor == "processes" else None
    with RedisChannel("frozen", url=url) as channel:
        wf = make(channel, kind, name, folder)
        try:
            if Path(checkpoint).exists():
                said = wf.resume(checkpoint, executor=pool)
            else:
                said = wf.execute(run_id="run", checkpoint=checkpoint, executor=pool)
        except RunSupersededError as error:
            said = type(error).__name__
    print(said)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(*sys.argv[1:])
