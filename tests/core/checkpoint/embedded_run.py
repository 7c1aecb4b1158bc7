"""A program that runs five steps on an embedded server, and is killed in the third: `FOLDER HOW`.

With `HOW` being `server` it kills the server too, a moment earlier. Started again, it resumes.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import redis

from graflow import RedisChannel, TaskExecutionContext, chain, task, workflow


@task(inject_context=True)
def step(ctx: TaskExecutionContext, number: int, folder: Path, how: str) -> list[int]:
    """Note that it runs, and at the third step be killed, once."""
    channel = ctx.get_channel()
    channel.append("ran", number)
    if number == 3 and not (folder / "killed").exists():
        (folder / "killed").touch()
        if how == "server":
            os.kill(server_pid(channel), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    ran: list[int] = channel.get("ran")
    return ran


def server_pid(channel: Any) -> int:
    """Return the id of the process that serves an embedded channel."""
    with redis.Redis(unix_socket_path=channel.backend.endpoint.settings["path"]) as client:
        server: Any = client.info("server")
    return int(server["process_id"])


def main(folder: Path, how: str) -> None:
    """Begin the run, or go on with it, and print the steps that ran, in all."""
    path = folder / "run.json"
    with RedisChannel.embedded(path=folder / "data", name="steps") as channel:
        with workflow("steps", channel=channel) as wf:
            chain(*(step(task_id=str(n), number=n, folder=folder, how=how) for n in range(1, 6)))
        print(wf.run(checkpoint=path))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
