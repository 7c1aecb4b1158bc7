"""A program that kills runs of atomic tasks again and again, and resumes them until they end.

`python -m tests.core.run.killed_atomic URL KIND EXECUTOR FOLDER KILLS`: URL may also be
`sqlite:PATH`; KIND is `shared` for one
channel that all runs share, or `per_run`; EXECUTOR is `threads`, `processes` or `loky`.
Each try is a process that is forked from this one. It is killed at a random moment, mostly while a
task is running, or a process of its executor is. The program goes on until it has killed so often,
raises if anything is not as promised, and prints how often it did kill.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from loky import ProcessPoolExecutor as LokyExecutor

import graflow
from graflow import (
    Channel,
    RedisChannel,
    RunInfo,
    SQLiteChannel,
    TaskExecutionContext,
    chain,
    parallel,
    read_checkpoint,
    task,
    workflow,
)
from graflow.channels.per_run import PerRun
from graflow.core.registry import tenure
from graflow.core.workflow import Workflow

ACCOUNTS, MONEY = 3, 100
MOVES = 8
LONGEST = 0.03  # seconds from the beginning of an attempt until a kill

ALWAYS = 1_000_000


@task(inject_context=True, atomic=True, max_retries=ALWAYS, retry_delay=0)
def open_accounts(ctx: TaskExecutionContext, log: str) -> int:
    """Put money into accounts that are not there yet."""
    note(log)
    bank = ctx.get_channel()
    for number in range(ACCOUNTS):
        if not bank.exists(f"account {number}"):
            bank.set(f"account {number}", MONEY)
    book(ctx)
    return ACCOUNTS * MONEY


@task(inject_context=True, atomic=True, max_retries=ALWAYS, retry_delay=0)
def move(ctx: TaskExecutionContext, number: int, log: str) -> int:
    """Move money, and book that, with pauses in which everything is half done."""
    note(log)
    bank = ctx.get_channel()
    giver, taker = number % ACCOUNTS, (number + 1) % ACCOUNTS
    if number % 2:
        bank.atomic_add(f"account {giver}", -number)
        time.sleep(0.002)
        bank.atomic_add(f"account {taker}", number)
    else:
        left = bank.get(f"account {giver}") - number
        bank.set(f"account {giver}", left)
        time.sleep(0.002)
        bank.update(f"account {taker}", lambda money: money + number)
    book(ctx)
    time.sleep(0.001)
    bank.atomic_add("moved", number)
    return number


@task(inject_context=True, atomic=True, max_retries=ALWAYS, retry_delay=0)
def look(ctx: TaskExecutionContext, log: str) -> int:
    """Return what all have moved, by their results."""
    note(log)
    book(ctx)
    return sum(int(ctx.get_result(f"move {number}")) for number in range(MOVES))


def book(ctx: TaskExecutionContext) -> None:
    """Note in the ledger that a task of a run has taken effect."""
    ctx.get_channel().append("ledger", f"{ctx.run_id} {ctx.task_id}")


def note(log: str) -> None:
    """Add to a file, in one step, which process is at work now."""
    with Path(log).open("ab", buffering=0) as file:
        file.write(f"{os.getpid()}\n".encode())


def make(channel: Callable[[str], Channel] | Channel, log: Path) -> Workflow:
    """Return the workflow."""
    arguments: Any = {"log": str(log)}
    with workflow("killed", channel=channel) as wf:
        moves = [move(task_id=f"move {n}", number=n, **arguments) for n in range(MOVES)]
        half = MOVES // 2
        first, second = parallel(*moves[:half]), parallel(*moves[half:])
        before = open_accounts(task_id="open", **arguments)
        chain(before, first, second, look(task_id="look", **arguments))
    return wf


TASKS = {"open", "look", *(f"move {number}" for number in range(MOVES))}
RESULT = sum(range(MOVES))


EXECUTORS: dict[str, Callable[[], Executor] | None] = {
    "threads": None,
    "processes": partial(ProcessPoolExecutor, 2),
    "loky": partial(LokyExecutor, 2),
}


def run(wf: Workflow, executor: str, path: Path, final: Path) -> None:
    """Run the workflow, or go on with it, and write down its id and result at the end."""
    arguments: Any = {"ret_context": True, "executor": EXECUTORS[executor]}
    if path.exists():
        result, ctx = wf.resume(path, **arguments)
    else:
        result, ctx = wf.execute(checkpoint=path, **arguments)
    written = final.with_suffix(".new")
    written.write_text(f"{ctx.run_id} {result}")
    written.replace(final)  # in one step, as it may be killed in between


class Driver:
    """A process that runs the workflow, and is killed."""

    def __init__(self, drive: Callable[[], None], log: Path) -> None:
        """Fork it."""
        log.write_bytes(b"")
        self._log = log
        self._seen = 0
        self._status: int | None = None
        self._pid = os.fork()
        if not self._pid:
            try:
                drive()
                os._exit(0)
            except BaseException:  # noqa: BLE001 - the child must not go on as its parent
                traceback.print_exc()
                os._exit(1)

    def is_over(self) -> bool:
        """Tell whether it has ended; it must not have failed."""
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if not pid:
                return False
            self._status = status
            assert os.WIFSIGNALED(status) or not os.WEXITSTATUS(status), "a try failed"
        return True

    def at_work(self) -> int | None:
        """Return the process that was the last to begin with a task since this was last asked."""
        log = self._log.read_bytes()
        lines, self._seen = log[self._seen :].split(), len(log)
        return int(lines[-1]) if lines else None

    def kill(self, victim: int) -> bool:
        """Kill it, or a process of its executor; tell whether there was anything to kill."""
        if self.is_over():
            return False
        if victim != self._pid and parent_of(victim) != self._pid:
            return False
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        if victim == self._pid:
            self._status = os.waitpid(self._pid, 0)[1]
            return os.WIFSIGNALED(self._status)
        return True

    def harass(self) -> int:
        """Kill now and then until it is over or killed itself; return how often."""
        kills = 0
        if random.random() < 0.1:  # anywhere, even before the first task
            time.sleep(random.uniform(0, 0.1))
            return int(self.kill(self._pid))
        while not self.is_over():
            worker = self.at_work()
            if worker is None:
                time.sleep(0.001)
                continue
            time.sleep(random.uniform(0, LONGEST))
            if random.random() < 0.5:
                kills += self.kill(random.choice((worker, self._pid)))
        return kills


def parent_of(pid: int) -> int | None:
    """Return the parent of a process, if it is there."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def end_orphans(folder: Path) -> None:
    """Kill processes of pools whose driver died before it had told them to end with it.

    Those of loky have the folder in their environment, and others in their command.
    """
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            known_by = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            is_mine = os.fsencode(folder) in known_by.replace(b"=", b"\0").split(b"\0")
            if is_mine and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)


def ledger_of(channel: Channel, run_id: str) -> Counter[str]:
    """Return how often each task of a run took effect."""
    entries = (str(entry).partition(" ") for entry in channel.get("ledger", []))
    return Counter(task_id for run, _, task_id in entries if run == run_id)


def info_of(channel: Channel, run_id: str) -> RunInfo:
    """Return what the channel knows of a run."""
    (info,) = (info for info in graflow.runs(channel) if info.run_id == run_id)
    return info


def check_sum(channel: Channel) -> None:
    """Check that no money was lost or made."""
    accounts = channel.get_many(f"account {number}" for number in range(ACCOUNTS))
    assert not accounts or sum(map(int, accounts.values())) == ACCOUNTS * MONEY, accounts


def check_dead(channel: Channel, path: Path) -> None:
    """Check what a run leaves whose driver was killed; its executor may still be at work."""
    checkpoint = read_checkpoint(path)
    before = ledger_of(channel, checkpoint.run_id)
    info = info_of(channel, checkpoint.run_id)
    after = ledger_of(channel, checkpoint.run_id)
    check_sum(channel)
    assert set(after.values()) <= {1}, f"effects were doubled: {after}"
    assert before.total() <= info.tasks_done <= after.total(), (before, info, after)
    assert set(checkpoint.finished) <= set(after), "a task has ended without its effects"
    assert info.state in {"running", "dead", "finished"}
    assert info.last_error is None


def check_end(channel: Channel, run_id: str, result: str) -> None:
    """Check what a run leaves that came to its end."""
    assert int(result) == RESULT
    ledger = ledger_of(channel, run_id)
    assert ledger == Counter(TASKS), (ledger, channel.get("ledger"))
    check_sum(channel)
    info = info_of(channel, run_id)
    assert (info.state, info.tasks_done, info.last_error) == ("finished", len(TASKS), None)
    assert info.ended is not None


def killed_until_it_ends(
    wf: Workflow, channel_of: Callable[[str], Channel], executor: str, folder: Path
) -> int:
    """Run the workflow to its end, and return how often something was killed."""
    path, final = folder / "run.json", folder / "final"
    path.unlink(missing_ok=True)
    final.unlink(missing_ok=True)
    kills = 0
    while not final.exists():
        driver = Driver(partial(run, wf, executor, path, final), folder / "log")
        kills += driver.harass()
        if path.exists():
            check_dead(channel_of(read_checkpoint(path).run_id), path)
    run_id, result = final.read_text().split()
    check_end(channel_of(run_id), run_id, result)
    assert len(read_checkpoint(path).finished) == len(TASKS)
    return kills


def opened(url: str) -> Channel:
    """Open the channel on a server, or in a file: `sqlite:PATH`."""
    scheme, _, path = url.partition(":")
    return SQLiteChannel("bank", path) if scheme == "sqlite" else RedisChannel("bank", url=url)


def main(url: str, kind: str, executor: str, folder: Path, enough: int) -> None:
    """Kill until it is enough."""
    tenure.LEASE = 1_000  # ms; so that some runs are dead by the time that they are resumed
    os.environ["KILLED_ATOMIC"] = str(folder)
    began = time.monotonic()
    with opened(url) as shared:
        per_run = PerRun(shared)
        shared.destroy()
        wf = make(shared if kind == "shared" else per_run, folder / "log")
        kills = runs = 0
        channel_of = per_run if kind == "per_run" else lambda _: shared
        while kills < enough:
            kills += killed_until_it_ends(wf, channel_of, executor, folder)
            end_orphans(folder)
            runs += 1
        if kind == "shared":
            assert shared.get("moved") == runs * RESULT
    print(f"{kills} kills in {runs} runs, {time.monotonic() - began:.1f} s")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), int(sys.argv[5]))
