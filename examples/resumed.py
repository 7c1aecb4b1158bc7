"""A run that is killed and then resumed; start it with `python -m examples.resumed`.

The program starts itself in a second process, which is killed with SIGKILL in the middle of the
third of five steps. Then it starts itself again, and that process resumes from the checkpoint: the
first two steps do not run again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from graflow import TaskExecutionContext, chain, read_checkpoint, task, workflow

STEPS = 5


@task(inject_context=True)
def step(ctx: TaskExecutionContext, number: int, fatal: Path) -> int:
    """Do one step of the work; the third one kills its process the first time."""
    print(f"step {number} runs", flush=True)
    if number == 3 and not fatal.exists():
        fatal.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    ctx.get_channel().set(f"square {number}", number**2)
    ctx.checkpoint(metadata={"steps left": STEPS - number})
    return sum(ctx.get_channel().get(f"square {done}") for done in range(1, number + 1))


def run(folder: Path) -> int:
    """Begin the run, or resume it if there is a checkpoint."""
    path = folder / "run.json"
    with workflow("steps") as wf:
        numbers = range(1, STEPS + 1)
        chain(*(step(task_id=f"step {n}", number=n, fatal=folder / "killed") for n in numbers))
    result: int = wf.run(checkpoint=path)
    return result


def play(folder: Path) -> list[str]:
    """Run the program twice, and return what was printed."""
    printed: list[str] = []
    for _ in range(2):
        command = [sys.executable, "-m", "examples.resumed", str(folder)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        printed += done.stdout.splitlines()
        if done.returncode:
            finished = len(read_checkpoint(folder / "run.json").finished)
            printed.append(f"killed; the checkpoint has {finished} steps")
    return printed


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print("result:", run(Path(sys.argv[1])))
    else:
        with tempfile.TemporaryDirectory() as folder:
            print("\n".join(play(Path(folder))))
