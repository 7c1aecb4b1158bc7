"""A program that kills a workflow of 50 tasks again and again, and resumes it until it ends.

`python -m tests.core.checkpoint.killed_runs URL FOLDER KILLS` keeps the channel on a server, and
with the word `memory` in place of the URL in memory. Each try is a process that is forked from
this one, so that it begins at once, and is killed at a random moment. It goes on until it has
killed so often, raises if anything is not as promised, and prints how often it did kill.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from graflow import (
    Channel,
    MemoryChannel,
    RedisChannel,
    TaskExecutionContext,
    chain,
    parallel,
    read_checkpoint,
    task,
    workflow,
)
from graflow.channels.codec.codec import encode
from graflow.core.workflow import Workflow

LAYERS, WIDTH = 10, 5
LONGEST = 0.06  # seconds until a kill, and longer after a try in which no task came to its end


@task(inject_context=True)
def work(ctx: TaskExecutionContext, number: int, log: str) -> int:
    """Note that it runs, then do what may be done twice: it leaves the same each time."""
    note(log, ctx.task_id)
    channel = ctx.get_channel()
    channel.set(f"list {number}", [])
    for item in range(3):
        channel.append(f"list {number}", item)
        time.sleep(0.0005)
    channel.pop(f"list {number}")
    channel.set(f"value {number}", {"square": number**2}, ttl=3600)
    ctx.checkpoint(metadata={"number": number})
    before = [f"work {n}" for n in range(number - number % WIDTH - WIDTH, number - number % WIDTH)]
    return number + sum(int(ctx.get_result(name)) for name in before if number >= WIDTH)


def note(log: str, task_id: str) -> None:
    """Add a line to a file, in one step, whoever else does."""
    with Path(log).open("ab", buffering=0) as file:
        file.write(f"{task_id}\n".encode())


def make(channel: Callable[[str], Channel], log: Path) -> Workflow:
    """Return the workflow."""
    with workflow("killed", channel=channel) as wf:
        numbers = range(LAYERS * WIDTH)
        tasks = [work(task_id=f"work {n}", number=n, log=str(log)) for n in numbers]
        chain(*(parallel(*tasks[n : n + WIDTH]) for n in numbers[::WIDTH]))
    return wf


def run(wf: Workflow, path: Path, final: Path) -> None:
    """Run the workflow, or go on with it, and write down what is in the channel at the end."""
    arguments: Any = {"ret_context": True, "max_workers": 4}
    if path.exists():
        _, ctx = wf.resume(path, **arguments)
    else:
        _, ctx = wf.execute(checkpoint=path, **arguments)
    written = final.with_suffix(".new")
    written.write_bytes(content(ctx.get_channel()))
    written.replace(final)  # in one step, as it may be killed in between


def content(channel: Channel) -> bytes:
    """Return all that is in a channel."""
    found = channel.get_many(channel.keys())
    expiring = sorted(key for key in found if channel.ttl(key) is not None)
    text = encode({"found": dict(sorted(found.items())), "expiring": expiring})
    assert isinstance(text, bytes)
    return text


def child_is_killed(wf: Workflow, path: Path, final: Path, longest: float) -> bool:
    """Let a process run the workflow; kill it at a random moment, unless it ends before."""
    child = os.fork()
    if not child:
        try:
            run(wf, path, final)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the child must not go on as its parent
            traceback.print_exc()
            os._exit(1)
    time.sleep(random.uniform(0, longest))
    os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or not os.WEXITSTATUS(status), "a try failed"
    return os.WIFSIGNALED(status)


def killed_until_it_ends(wf: Workflow, folder: Path, log: Path, expected: bytes) -> int:
    """Run the workflow to its end, and return how often it was killed."""
    path, final = folder / "run.json", folder / "final"
    path.unlink(missing_ok=True)
    final.unlink(missing_ok=True)
    kills, longest, before = 0, LONGEST, set[str]()
    while not final.exists():
        finished = set(read_checkpoint(path).finished) if path.exists() else set()
        longest = LONGEST if finished > before else longest * 1.2
        before = finished
        log.write_bytes(b"")
        kills += child_is_killed(wf, path, final, longest)
        again = finished.intersection(log.read_text().splitlines())
        assert not again, f"tasks ran again that had ended: {again}"
    assert final.read_bytes() == expected
    checkpoint = read_checkpoint(path)
    assert len(checkpoint.finished) == len(set(checkpoint.finished)) == LAYERS * WIDTH
    assert checkpoint.metadata == {f"work {n}": {"number": n} for n in range(LAYERS * WIDTH)}
    return kills


def main(where: str, folder: Path, enough: int) -> None:
    """Kill until it is enough."""
    log = folder / "log"
    if where == "memory":
        source: Callable[[str], Channel] = MemoryChannel
    else:
        source = partial(RedisChannel, url=where)
    wf = make(source, log)
    run(wf, folder / "undisturbed.json", folder / "undisturbed")
    expected = (folder / "undisturbed").read_bytes()
    kills = runs = 0
    while kills < enough:
        kills += killed_until_it_ends(wf, folder, log, expected)
        runs += 1
    print(f"{kills} kills in {runs} runs")  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
