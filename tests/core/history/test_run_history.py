"""Histories of runs: what anybody can tell of them, while they go on and afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graflow
from graflow import (
    MemoryChannel,
    RunEnded,
    RunHistory,
    RunNotFoundError,
    SQLiteChannel,
    TaskExecutionContext,
    TaskFailedError,
    Workflow,
    chain,
    parallel,
    run_history,
    runs,
    task,
    workflow,
)
from graflow.channels.base import Channel
from graflow.channels.commits.commit import Delete, Expire, Push
from graflow.core.registry import stored_history
from graflow.core.registry.run_records import alive_key
from graflow.core.registry.stored_history import history_key
from graflow.core.registry.tenure import Tenure
from graflow.exceptions import ChannelDataError, ChannelTypeError
from tests.core.travelling import wait_for
from tests.paths import ROOT

Open = Callable[[str], Channel]


class Refused(Exception):
    """What the tasks below raise."""


def faltering(channel: Channel | None = None, failures: int = 1) -> Workflow:
    """Return a workflow of three tasks, whose second one fails so many times."""
    left = [Refused(f"number {n}") for n in range(failures)]

    @task
    def first() -> int:
        return 1

    @task(max_retries=1, retry_delay=0.001)
    def second() -> int:
        secret = "hunter2"
        if left:
            raise left.pop()
        return len(secret)

    @task
    def last() -> int:
        return 3

    with workflow("faltering", channel=channel) as wf:
        chain(first, second, last)
    return wf


def states(history: RunHistory) -> dict[str, tuple[str, int]]:
    """Return the state of each task, and how many attempts there were."""
    return {each.task_id: (each.state, each.attempts) for each in history.tasks.values()}


def test_tasks_are_told_stage_by_stage(open_channel: Open) -> None:
    """Whatever the order in which they were defined, none comes before one that it waits for."""

    @task
    def each(number: int = 0) -> int:
        return number

    with workflow("from the end", channel=open_channel("staged")) as wf:
        last, middle = each(task_id="last"), each(task_id="middle")
        parallel(*(each(task_id=f"first {n}", number=n) for n in range(2))) >> middle >> last
    assert [node.task_id for node in wf.graph().nodes][:2] == ["last", "middle"]
    _, ctx = wf.execute(run_id="r", ret_context=True)
    for history in (run_history(open_channel("staged"), "r"), ctx.history()):
        assert list(history.tasks) == ["first 0", "first 1", "middle", "last"]


def test_a_run_is_told_from_its_channel(open_channel: Open) -> None:
    """With its graph, the times, the attempts, and the last error of each task."""
    faltering(open_channel("told")).execute(run_id="r")
    history = run_history(open_channel("told"), "r")
    assert states(history) == {
        "first": ("finished", 1),
        "second": ("finished", 2),
        "last": ("finished", 1),
    }
    assert (history.state, history.error, history.workflow) == ("finished", None, "faltering")
    assert list(history.graph.edges) == [("first", "second"), ("second", "last")]
    assert history.graph.nodes[1].max_retries == 1
    second = history.tasks["second"]
    assert second.error == "Refused: number 0"
    assert history.counts()["finished"] == 3
    assert history.ended is not None
    started = [each.started for each in history.tasks.values() if each.started is not None]
    ended = [each.ended for each in history.tasks.values() if each.ended is not None]
    assert len(started) == len(ended) == 3
    assert started == sorted(started)
    assert ended == sorted(ended)
    assert all((each.seconds or 0) >= 0 for each in history.tasks.values())


def test_a_failed_run_is_told_with_tracebacks(channel: Channel) -> None:
    """They begin in the task's function, and have no values of variables."""
    with pytest.raises(TaskFailedError):
        faltering(channel, failures=2).execute(run_id="r")
    history = run_history(channel, "r")
    assert history.state == "failed"
    assert "Refused" in (history.error or "")
    assert states(history) == {
        "first": ("finished", 1),
        "second": ("failed", 2),
        "last": ("waiting", 0),
    }
    told = history.tasks["second"].traceback or ""
    assert told.splitlines()[1].strip().startswith(f'File "{__file__}"')
    assert told.splitlines()[-1].endswith("Refused: number 0")
    assert "graflow/core" not in told
    assert "secret =" not in told


def test_a_task_under_way_is_told(open_channel: Open) -> None:
    """At once in the process that runs it."""
    seen: list[RunHistory] = []

    @task(inject_context=True)
    def look(ctx: TaskExecutionContext) -> None:
        seen.append(run_history(open_channel("busy"), ctx.run_id))
        seen.append(ctx.history())

    with workflow("busy", channel=open_channel("busy")) as wf:
        chain(look, look(task_id="later"))
    wf.execute()
    for history in (seen[0], seen[1]):
        assert states(history) == {"look": ("running", 1), "later": ("waiting", 0)}
        assert (history.state, history.ended) == ("running", None)
    assert states(seen[2]) == {"look": ("finished", 1), "later": ("running", 1)}


def test_other_processes_are_told_soon(open_channel: Open) -> None:
    """What happens is written while the run goes on, if others can read it."""
    if not open_channel("soon").backend.shared:
        return  # nobody else can, as the test above shows
    seen: list[RunHistory] = []

    @task(inject_context=True)
    def look(ctx: TaskExecutionContext) -> None:
        stored_history._writers.clear()  # another process has none

        def is_told() -> bool:
            seen.append(run_history(open_channel("soon"), ctx.run_id))
            return states(seen[-1]).get("look") == ("running", 1)

        wait_for(is_told)

    with workflow("soon", channel=open_channel("soon")) as wf:
        look()
    wf.execute()
    assert list(seen[-1].graph.nodes)


def test_a_killed_run_is_dead(tmp_path: Path) -> None:
    """What ended after the last note is told by its result, and what was under way has failed."""
    path = tmp_path / "killed.db"
    program = f"""
import os, signal
from graflow import *

@task
def first(): pass

@task
def second(): os.kill(os.getpid(), signal.SIGKILL)

with workflow("killed", channel=SQLiteChannel("killed", {str(path)!r})) as wf:
    chain(first, second, first(task_id="never"))
wf.execute(run_id="r")
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    channel = SQLiteChannel("killed", path)
    history = run_history(channel, "r")
    assert (history.state, history.ended) == ("running", None)
    channel.backend.apply(Expire(alive_key("r"), 1))
    wait_for(lambda: run_history(channel, "r").state == "dead")
    told = run_history(channel, "r")
    assert set(states(told).values()) <= {
        ("finished", 1),
        ("finished", 0),
        ("failed", 1),
        ("waiting", 0),
    }
    assert [info.state for info in runs(channel)] == ["dead"]


def test_what_died_under_way_has_failed(channel: Channel) -> None:
    """Unless its result is there."""
    seen: list[RunHistory] = []

    @task
    def first() -> None: ...

    @task(inject_context=True)
    def second(ctx: TaskExecutionContext) -> None:
        channel.backend.apply(Delete(alive_key(ctx.run_id)))
        seen.append(ctx.history())
        ctx.get_channel().backend.put(f"\0run:{ctx.run_id}:second.__result__", b"1", None)
        seen.append(ctx.history())

    with workflow("dying", channel=channel) as wf:
        chain(first, second, first(task_id="never"))
    wf.execute(run_id="r")
    before, after = seen
    assert before.state == "dead"
    assert states(before) == {
        "first": ("finished", 1),
        "second": ("failed", 1),
        "never": ("waiting", 0),
    }
    assert "not been heard of" in (before.tasks["second"].error or "")
    assert states(after)["second"] == ("finished", 1)


def test_a_resumed_run_is_told_as_one(open_channel: Open, tmp_path: Path) -> None:
    """Attempts add up, and what failed before has a chance again."""
    wf = faltering(open_channel("resumed"), failures=2)
    with pytest.raises(TaskFailedError):
        wf.execute(run_id="r", checkpoint=tmp_path / "c.json")
    failed = run_history(open_channel("resumed"), "r")
    wf.resume(tmp_path / "c.json")
    history = run_history(open_channel("resumed"), "r")
    assert states(history) == {
        "first": ("finished", 1),
        "second": ("finished", 3),
        "last": ("finished", 1),
    }
    assert history.begun == failed.begun
    assert history.tasks["first"] == failed.tasks["first"]
    before, again = failed.tasks["second"].ended, history.tasks["second"].started
    assert before is not None
    assert again is not None
    assert before < again  # the time between counts for no task


def test_a_run_resumed_elsewhere_knows_what_was_done(tmp_path: Path) -> None:
    """Although the new channel has nothing of what happened on the old one."""
    wf = faltering(MemoryChannel("old"), failures=2)
    with pytest.raises(TaskFailedError):
        wf.execute(run_id="r", checkpoint=tmp_path / "c.json")
    again = faltering(MemoryChannel("old"), failures=0)
    again.resume(tmp_path / "c.json")
    _, ctx = again.execute(run_id="r", ret_context=True)
    assert states(ctx.history()) == {
        "first": ("finished", 0),
        "second": ("finished", 1),
        "last": ("finished", 1),
    }
    assert ctx.history().tasks["first"].seconds is None


def test_a_run_in_memory_of_its_own_is_told_to_its_owner() -> None:
    """Who got its context; it is not stored anywhere."""
    _, ctx = faltering().execute(ret_context=True)
    history = ctx.history()
    assert states(history)["second"] == ("finished", 2)
    assert (history.state, history.workflow) == ("finished", "faltering")
    assert history.ended is not None
    assert history.begun <= history.ended
    last = list(faltering().stream())[-1]
    assert isinstance(last, RunEnded)
    assert states(last.context.history())["second"] == ("finished", 2)


async def collected() -> RunHistory:
    """Run on an event loop, and return what happened."""
    _, ctx = await faltering().aexecute(ret_context=True)
    history: RunHistory = ctx.history()
    return history


def test_a_run_on_an_event_loop_is_told() -> None:
    """As one on threads."""
    assert states(asyncio.run(collected()))["second"] == ("finished", 2)


def test_a_task_of_a_run_of_its_own_knows_what_is_done() -> None:
    """By the results, as nobody notes what happens in such a run."""
    seen: list[RunHistory] = []

    @task
    def first() -> int:
        return 1

    @task(inject_context=True)
    def look(ctx: TaskExecutionContext) -> None:
        seen.append(ctx.history())

    with workflow("own") as wf:
        first >> look
    wf.execute()
    assert states(seen[0]) == {"first": ("finished", 0), "look": ("waiting", 0)}
    assert list(seen[0].graph.edges) == [("first", "look")]
    assert TaskExecutionContext("alone").history().tasks == {}


def test_a_run_that_is_not_kept_is_not_found(channel: Channel) -> None:
    """The error says where to look."""
    faltering(channel).execute(run_id="r", keep=0)
    with pytest.raises(RunNotFoundError, match=r"no run 'r', or no more; graflow.runs") as caught:
        run_history(channel, "r")
    assert caught.value.run_id == "r"
    assert not channel.backend.keys(kept=True) or not any(
        "history" in key for key in channel.backend.keys(kept=True)
    )
    with pytest.raises(ChannelTypeError, match="takes a Channel"):
        run_history("redis://", "r")  # type: ignore[arg-type]


def test_the_history_expires_with_the_run(
    open_channel: Open, advance: Callable[[float], None]
) -> None:
    """So that nothing is left of runs of long ago."""
    channel = open_channel("kept")
    faltering(channel).execute(run_id="r", keep=100)
    advance(50)
    assert run_history(channel, "r").state == "finished"
    advance(100)
    assert not any("history" in key for key in channel.backend.keys(kept=True))


def test_a_part_that_was_written_twice_counts_once(channel: Channel) -> None:
    """As it is when a reply got lost for so long that the write was given up."""
    faltering(channel).execute(run_id="r")
    before = run_history(channel, "r")
    (held,) = channel.backend.read((history_key("r"),))
    assert held is not None
    assert isinstance(held.record, list)
    for item in list(held.record):
        channel.backend.apply(Push(history_key("r"), item))
    assert run_history(channel, "r") == before


@pytest.mark.parametrize("item", [b"7", b"{}", b"nonsense", b'{"nodes": [7], "groups": []}'])
def test_what_others_wrote_is_refused(item: bytes) -> None:
    """With an error of ours."""
    channel = MemoryChannel("others")
    faltering(channel).execute(run_id="r")
    channel.backend.apply(Push(history_key("r"), item))
    with pytest.raises(ChannelDataError, match="can't be read"):
        run_history(channel, "r")


def test_a_wide_graph_takes_little_room(channel: Channel) -> None:
    """The tasks of a group share what they wait for."""

    @task
    def node() -> None: ...

    with workflow("wide", channel=channel) as wf:
        chain(
            *(parallel(*(node(task_id=f"{row}.{n}") for n in range(50))) for row in "ab"),
        )
    wf.execute(run_id="r")
    history = run_history(channel, "r")
    assert history.graph == wf.graph()
    (held,) = channel.backend.read((history_key("r"),))
    assert held is not None
    assert len(held.record[0]) < 5_000  # type: ignore[arg-type] # an item of a list


def test_a_workflow_that_grew_is_told_as_it_is(channel: Channel) -> None:
    """What is known of its graph is found anew."""

    @task
    def node() -> None: ...

    with workflow("growing", channel=channel) as wf:
        node(task_id="a")
    wf.execute(run_id="1")
    with wf:
        node(task_id="b")
    wf.execute(run_id="2")
    assert list(run_history(channel, "1").tasks) == ["a"]
    assert list(run_history(channel, "2").tasks) == ["a", "b"]
    wf.execute("b", run_id="3")
    assert list(run_history(channel, "3").tasks) == ["b"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_forked_process_writes_nothing_for_its_parent(channel: Channel) -> None:
    """Or what happens would be told twice."""

    @task(inject_context=True)
    def fork(ctx: TaskExecutionContext) -> int:
        child = os.fork()
        if not child:
            os._exit(len(stored_history._writers))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    with workflow("forking", channel=MemoryChannel("forking")) as wf:
        fork()
    assert wf.execute() == 0


@pytest.mark.needs_system
def test_histories_are_read_while_runs_begin_and_end() -> None:
    """Threads begin and end runs while others read, and hundreds are under way."""
    channel = MemoryChannel("busy")

    @task
    async def hold() -> None:
        held.set()
        await asyncio.Event().wait()

    with workflow("held", channel=channel) as wf:
        hold()
    short = faltering(channel, failures=0)
    short.execute(run_id="known")
    held = threading.Event()

    async def read() -> None:
        under_way = [asyncio.create_task(wf.aexecute()) for _ in range(300)]
        await asyncio.to_thread(held.wait)
        short_ones = [asyncio.to_thread(short.execute, keep=0) for _ in range(20)]
        ended = asyncio.gather(*short_ones)
        while not ended.done():
            run_history(channel, "known")
            await asyncio.sleep(0)
        for each in under_way:
            each.cancel()
        await asyncio.wait(under_way)
        await ended

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        asyncio.run(read())
    finally:
        sys.setswitchinterval(before)


def test_what_is_left_of_a_history_is_told(channel: Channel) -> None:
    """A store that was full may have dropped it in the middle of the run."""

    @task(inject_context=True)
    def first(ctx: TaskExecutionContext) -> None:
        ctx.history()
        channel.backend.apply(Delete(history_key(ctx.run_id)))

    @task
    def second() -> None: ...

    with workflow("dropped", channel=channel) as wf:
        first >> second
    wf.execute(run_id="r")
    history = run_history(channel, "r")
    assert (history.state, history.tasks) == ("finished", {})


def test_a_history_lasts_while_nothing_happens(
    open_channel: Open, advance: Callable[[float], None]
) -> None:
    """A task may take longer than what is noted would be kept."""
    channel = open_channel("lasting")
    tenures: list[Tenure] = []

    @task(inject_context=True)
    def slow(ctx: TaskExecutionContext) -> None:
        ctx.history()
        for _ in range(10):
            advance(86_400)
            tenures[0]._renewed = float("-inf")  # a day ago
            assert tenures[0].renew()

    start = Tenure.start

    def noted(tenure: Tenure) -> None:
        tenures.append(tenure)
        start(tenure)

    with workflow("lasting", channel=channel) as wf:
        slow()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tenure, "start", noted)
        wf.execute(run_id="r", keep=60)
    assert states(run_history(channel, "r")) == {"slow": ("finished", 1)}


def test_errors_that_no_store_takes_are_told(open_channel: Open) -> None:
    """In part: texts of any length, with halves of characters."""
    channel = open_channel("odd")

    @task
    def fail() -> None:
        raise Refused("\ud800" + 100_000 * "long")

    with workflow("odd", channel=channel) as wf:
        fail()
    with pytest.raises(TaskFailedError):
        wf.execute(run_id="r")
    history = run_history(channel, "r")
    assert history.state == "failed"
    assert (history.tasks["fail"].error or "").startswith("Refused: ?long")
    assert "in task 'fail': Refused: ?long" in (history.error or "")
    assert len(history.error or "") == len(history.tasks["fail"].error or "") == 2_000
    assert [info.last_error for info in runs(channel)] == [history.error]


def test_tracebacks_begin_in_code_beside_the_package() -> None:
    """Whose path begins with that of the package, but is another."""
    channel = MemoryChannel("beside")
    names: dict[str, Any] = {"Refused": Refused}
    source = "def fail():\n    raise Refused\n"
    exec(compile(source, f"{Path(graflow.__file__).parent}_app.py", "exec"), names)
    with workflow("beside", channel=channel) as wf:
        task(names["fail"])()
    with pytest.raises(TaskFailedError):
        wf.execute(run_id="r")
    told = run_history(channel, "r").tasks["fail"].traceback or ""
    assert "graflow_app.py" in told.splitlines()[1]


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_run_is_told_as_it_was_although_its_workflow_grew(is_shared: bool) -> None:
    """Meanwhile, or since then: what came later is not before any task of the run."""

    @task
    def grow() -> None:
        wf.add(late >> after)

    @task
    def after() -> None: ...

    @task
    def late() -> None: ...

    with workflow("grown", channel=MemoryChannel("grown") if is_shared else None) as wf:
        grow >> after
    _, ctx = wf.execute(ret_context=True)
    history = ctx.history()
    assert list(history.graph.edges) == [("grow", "after")]
    assert states(history) == {"grow": ("finished", 1), "after": ("finished", 1)}
    assert history.to_svg().count("<title>") >= 2
    assert set(wf.graph().edges) == {("grow", "after"), ("late", "after")}
