"""Count words in other processes: the same workflow on threads, a process pool, or a cluster.

The lines of the text are divided among counters, which may run on any machine. Each returns its
counts; the last task adds them up. `python -m examples.word_count` starts a server and a Dask
cluster of two processes on this machine, and counts on both kinds of executor.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor

from distributed import Client, LocalCluster

from graflow import Channel, RedisChannel, TaskExecutionContext, parallel, task, workflow
from graflow.core.travel.executors import ExecutorSource

COUNTERS = 4
TEXT = """
the owl and the pussy cat went to sea in a beautiful pea green boat
they took some honey and plenty of money wrapped up in a five pound note
the owl looked up to the stars above and sang to a small guitar
"""


@task(inject_context=True, max_retries=2, retry_delay=0.1)
def count(ctx: TaskExecutionContext, share: int) -> dict[str, int]:
    """Count the words of a share of the lines; a retry has the same effect."""
    lines = TEXT.strip().splitlines()[share::COUNTERS]
    found = Counter[str](word for line in lines for word in line.split())
    ctx.get_channel().set(f"counted by {share}", os.getpid())
    return dict(found)


@task(inject_context=True)
def add_up(ctx: TaskExecutionContext) -> dict[str, int]:
    """Return the three most frequent words."""
    total: Counter[str] = Counter()
    for share in range(COUNTERS):
        total.update(ctx.get_result(f"count_{share}"))
    return dict(sorted(total.items(), key=lambda found: (-found[1], found[0]))[:3])


def top_words(channel: Channel, executor: ExecutorSource | None = None) -> dict[str, int]:
    """Run the workflow with its data in `channel`, and its tasks on `executor`."""
    with workflow("word_count", channel=channel) as wf:
        parallel(*(count(task_id=f"count_{n}", share=n) for n in range(COUNTERS))) >> add_up
    found: dict[str, int] = wf.execute(executor=executor, progress=True)
    return found


def main() -> int:
    """Count in both ways; return 0 if they agree.

    The cluster is on this machine, so it can reach an embedded server. A cluster of other machines
    needs a server with an address: `RedisChannel("words", url="redis://host:6379/0")`.
    """
    with RedisChannel.embedded(name="words") as channel:
        on_pool = top_words(channel, ProcessPoolExecutor)
        print("process pool:", on_pool)
        # For a cluster of other machines, give its address: Client("tcp://scheduler:8786").
        with (
            LocalCluster(n_workers=2, dashboard_address=":0") as cluster,  # type: ignore[no-untyped-call]
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            executor: Executor = client.get_executor()  # pyright: ignore[reportUnknownMemberType]
            on_cluster = top_words(channel, executor)
        print("Dask cluster:", on_cluster)
    return int(on_pool != on_cluster)


if __name__ == "__main__":
    sys.exit(main())
