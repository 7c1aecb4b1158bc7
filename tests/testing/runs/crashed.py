"""Workflows that end in the middle, and what they leave; and a program that kills them there.

`python -m tests.testing.runs.crashed WHERE FOLDER` runs each case in a process of its own that
kills itself at the moment of the case, and writes down what each has left. `WHERE` is the URL of a
server, `sqlite` or `memory`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import closing
from contextvars import Context
from pathlib import Path
from typing import Any, NamedTuple

from graflow import (
    Channel,
    MemoryChannel,
    RedisChannel,
    SQLiteChannel,
    TaskExecutionContext,
    chain,
    parallel,
    task,
    workflow,
)
from graflow.channels.codec.codec import decode
from graflow.channels.hidden_keys import FENCES, kept_key, lock_key
from graflow.core.run.supervisor import Supervisor
from graflow.core.task.task import Task
from graflow.system.crashes import Moment

NEVER = 600.0
"""Seconds that a task waits for what does not come."""


@task(inject_context=True)
def note(ctx: TaskExecutionContext) -> str:
    """Write in several ways."""
    channel = ctx.get_channel()
    channel.append("log", ctx.task_id)
    channel.atomic_add("count")
    channel.set(f"soon gone {ctx.task_id}", 1, ttl=3600)
    ctx.checkpoint({"by": ctx.task_id})
    return f"result of {ctx.task_id}"


@task(inject_context=True, atomic=True)
def pay(ctx: TaskExecutionContext) -> int:
    """Write once."""
    ctx.get_channel().append("payments", ctx.task_id)
    return int(ctx.get_channel().atomic_add("money"))


@task(inject_context=True, max_retries=3, retry_delay=0)
def stumble(ctx: TaskExecutionContext) -> int:
    """Fail twice."""
    number = int(ctx.get_channel().atomic_add("stumbles"))
    if number < 3:
        raise ConnectionError(number)
    return number


@task(inject_context=True)
async def wait(ctx: TaskExecutionContext) -> str:
    """Write on a loop."""
    await ctx.get_channel().aio.append("log", ctx.task_id)
    return ctx.task_id


@task(inject_context=True)
def hang(ctx: TaskExecutionContext) -> None:
    """Hold a lock in a thread, until this process is dead."""
    channel = ctx.get_channel()
    with channel.lock("held", lease=NEVER):
        channel.set("hangs", 1)
        channel.wait_for("never", timeout=NEVER)
    channel.set("hangs", 2)


@task(inject_context=True)
async def hang_on_loop(ctx: TaskExecutionContext) -> None:
    """Wait on a loop, until this process is dead."""
    channel = ctx.get_channel().aio
    await channel.set("hangs on loop", 1)
    try:
        await asyncio.sleep(NEVER)
    finally:
        await channel.set("hangs on loop", 2)


@task(inject_context=True)
def meet(ctx: TaskExecutionContext) -> None:
    """Go on when both others hang."""
    ctx.get_channel().wait_for("hangs", timeout=NEVER)
    ctx.get_channel().wait_for("hangs on loop", timeout=NEVER)


@task(inject_context=True)
def nested(ctx: TaskExecutionContext) -> str:
    """Run a workflow on the same channel."""
    ctx.get_channel().append("log", "outer")
    with workflow("inner", channel=ctx.get_channel()) as wf:
        chain(note(task_id="in 1"), note(task_id="in 2"))
    try:
        return str(wf.execute(run_id="inner"))
    except BaseException:
        ctx.get_channel().append("log", "outer knows")
        raise


def _chain(*tasks: Task[..., Any]) -> Callable[[], Any]:
    return lambda: chain(*(each(task_id=f"{number}") for number, each in enumerate(tasks)))


def _group() -> Any:
    return parallel(hang(task_id="h"), hang_on_loop(task_id="l"), meet(task_id="m")) >> note(
        task_id="n"
    )


class Case(NamedTuple):
    """A workflow, and when it ends.

    Attributes:
        tasks: Puts its tasks in order.
        task_id: The task.
        moment: The moment of the task.
        attempt: The attempt, if that matters.
    """

    tasks: Callable[[], Any]
    task_id: str
    moment: Moment
    attempt: int | None = None


CASES: Mapping[str, Case] = {
    "before the first": Case(_chain(note, note), "0", "begins"),
    "after the first": Case(_chain(note, note, note), "0", "saved"),
    "after the first, unsaved": Case(_chain(note, note, note), "0", "stored"),
    "after the last": Case(_chain(note, wait), "1", "saved"),
    "after the last, unsaved": Case(_chain(wait, note), "1", "stored"),
    "an atomic task": Case(_chain(note, pay, note), "1", "saved"),
    "an atomic task, unsaved": Case(_chain(note, pay, note), "1", "stored"),
    "before the third attempt": Case(_chain(note, stumble), "1", "begins", 3),
    "after retries": Case(_chain(stumble, note), "0", "saved"),
    "after a coroutine": Case(_chain(note, wait, note), "1", "saved"),
    "beside others": Case(_group, "m", "saved"),
    "beside others, unsaved": Case(_group, "m", "stored"),
    "in a workflow of a task": Case(_chain(note, nested, note), "in 1", "stored"),
}


WAYS = [(False, False), (False, True), (True, True)]
"""Whether a case runs on an event loop, and whether there is a checkpoint."""


class Place(NamedTuple):
    """Where a case runs.

    Attributes:
        where: The URL of a server, `sqlite` or `memory`.
        folder: The folder for files.
        awaited: Whether it runs on an event loop.
        saves: Whether there is a checkpoint.
    """

    where: str
    folder: Path
    awaited: bool
    saves: bool

    def open(self, case: str) -> Channel:
        """Open the channel of a case."""
        name = f"{case} {self.awaited} {self.saves}"
        if self.where == "memory":
            return MemoryChannel(name)
        if self.where == "sqlite":
            return SQLiteChannel(name, self.folder / "channels.db", durable=False)
        return RedisChannel(name, url=self.where)

    def path(self, case: str) -> Path:
        """Return where the checkpoint of a case is."""
        return self.folder / f"{case} {self.awaited}.json"

    def run(self, case: str, channel: Channel) -> Any:
        """Run a case."""
        with workflow(case, channel=channel) as wf:
            CASES[case].tasks()
        options: dict[str, Any] = {"run_id": f"run of {case}"}
        if self.saves:
            options["checkpoint"] = self.path(case)
        return asyncio.run(wf.aexecute(**options)) if self.awaited else wf.execute(**options)

    def left(self, case: str, channel: Channel) -> dict[str, Any]:
        """Return what a case has left, without what differs between any two runs."""
        found: dict[str, Any] = {} if self.where == "memory" else contents(channel)
        if self.saves:
            found["checkpoint"] = saved(self.path(case))
        return found


_LOCKS = {lock_key("held"), FENCES}


def contents(channel: Channel) -> dict[str, Any]:
    """Return all that a channel holds, and who holds the lock."""
    backend = channel.backend
    keys = sorted([*backend.keys(), *backend.keys(kept=True)])
    found: dict[str, Any] = {}
    for key, held in zip(keys, backend.read(keys), strict=True):
        assert held is not None
        if key in _LOCKS or key.startswith(kept_key("history", "")):
            continue  # numbers and owners are new each time, and the history is a second late
        record: Any = held.record
        record = [decode(item) for item in record] if isinstance(record, list) else _told(record)
        found[key] = [record, None if held.left is None else held.left > 0]
    if "hangs" in found:
        found["lock"] = isinstance(backend.acquire("held", "somebody else", 1), str)
    return found


def _told(record: bytes) -> Any:
    try:
        value = decode(record)
    except ValueError:
        return record.partition(b" ")[0].decode()  # the fence has a number, and a random part
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if key not in ("begun", "checkpoint")}
    return value


def saved(path: Path) -> list[Any]:
    """Return the records in a checkpoint."""
    if not path.exists():
        return []
    lines = [json.loads(line)["record"] for line in path.read_text().splitlines()]
    for line in lines:
        for key in line.get("keys", ()):
            if "expires" in key:
                key["expires"] = True
        if "keys" in line:
            line["keys"].sort(key=lambda each: str(each["key"]))
    if lines:
        lines[0]["channel"]["server"] = ""
    return lines


def kill_at(case: Case) -> None:
    """Let this process kill itself at the moment of a case, wherever that is in a run."""
    begins, ended = Supervisor.begins, Supervisor.ended

    def kill(supervisor: Supervisor, task: Task[..., Any], moment: Moment) -> None:
        attempt = supervisor._number(task)
        if (task.task_id, moment) == case[1:3] and case.attempt in (None, attempt):
            os.kill(os.getpid(), signal.SIGKILL)

    def killed_begins(self: Supervisor, task: Task[..., Any], *variables: Context) -> None:
        kill(self, task, "begins")
        begins(self, task, *variables)

    def killed_ended(self: Supervisor, tasks: Mapping[Task[..., Any], str | None]) -> None:
        for each in tasks:
            kill(self, each, "stored")
        ended(self, tasks)
        for each in tasks:
            kill(self, each, "saved")

    class Unset:
        """An attribute that stays empty, so that a supervisor takes no short way past both."""

        def __get__(self, *_: object) -> None: ...

        def __set__(self, *_: object) -> None: ...

    patched: Any = Supervisor
    patched.begins, patched.ended = killed_begins, killed_ended
    patched.idle = patched._notes_only = Unset()


def child_leaves(place: Place, case: str) -> dict[str, Any]:
    """Run a case in a process that kills itself, and return what it leaves."""
    child = os.fork()
    if not child:
        try:
            kill_at(CASES[case])
            place.run(case, place.open(case))
        except BaseException:  # noqa: BLE001 - the child must not go on as its parent
            traceback.print_exc()
        os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status), f"{case} was not killed"
    with closing(place.open(case)) as channel:
        return place.left(case, channel)


def main(where: str, folder: Path) -> None:
    """Write down what all cases leave."""
    found = {
        f"{case} {awaited} {saves}": child_leaves(Place(where, folder, awaited, saves), case)
        for case in CASES
        for awaited, saves in WAYS
        if saves or where != "memory"
    }
    (folder / "left.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
