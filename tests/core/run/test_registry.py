"""Runs as their channel knows them: begun once, taken over, listed, and gone after a while."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import graflow
from graflow import (
    MemoryChannel,
    RedisChannel,
    TaskExecutionContext,
    Workflow,
    chain,
    task,
    workflow,
)
from graflow.channels.base import Channel
from graflow.channels.commits.commit import Expire
from graflow.channels.hidden_keys import run_of
from graflow.core.registry import tenure
from graflow.exceptions import (
    ResultNotFoundError,
    RunInProgressError,
    RunSupersededError,
    TaskFailedError,
    WorkflowTypeError,
    WorkflowValueError,
)
from tests.core.travelling import wait_for
from tests.paths import ROOT
from tests.patience import PATIENCE

Open = Callable[[str], Channel]


def counting(channel: Channel, name: str = "counts") -> Workflow:
    """Return a workflow that counts how often it runs."""

    @task(inject_context=True)
    def counted(ctx: TaskExecutionContext) -> int:
        return int(ctx.get_channel().atomic_add("count"))

    with workflow(name, channel=channel) as wf:
        chain(counted)
    return wf


def test_a_run_of_one_id_happens_once(channel: Channel) -> None:
    """The second start returns what the first one did."""
    wf = counting(channel)
    assert wf.execute(run_id="order-4711") == 1
    assert wf.execute(run_id="order-4711") == 1
    result, ctx = wf.execute(run_id="order-4711", ret_context=True)
    assert (result, ctx.run_id, ctx.get_result("counted")) == (1, "order-4711", 1)
    assert wf.execute(run_id="order-4712") == 2
    with pytest.raises(WorkflowValueError, match="of a run of workflow 'counts'"):
        counting(channel, "other").execute(run_id="order-4711")


@pytest.mark.parametrize(("run_id", "error"), [("", WorkflowValueError), (4711, WorkflowTypeError)])
def test_ids_are_checked(run_id: Any, error: type[Exception]) -> None:
    """As those of tasks."""
    with pytest.raises(error, match="run id"):
        counting(MemoryChannel()).execute(run_id=run_id)


@pytest.mark.parametrize(("keep", "error"), [(-1, WorkflowValueError), ("x", WorkflowTypeError)])
def test_keep_is_checked(keep: Any, error: type[Exception]) -> None:
    """As a time to live is."""
    with pytest.raises(error, match="keep must be"):
        counting(MemoryChannel()).execute(keep=keep)


def test_a_run_under_way_is_not_begun_again(open_channel: Open) -> None:
    """The error names it, and tells when its process was last heard of."""
    began, may_end = threading.Event(), threading.Event()

    @task
    def wait() -> None:
        began.set()
        may_end.wait()

    with workflow("waits", channel=open_channel("c")) as wf:
        chain(wait)
    thread = threading.Thread(target=wf.execute, kwargs={"run_id": "one"})
    thread.start()
    try:
        began.wait()
        heard = r" \(heard of \d+ s ago\)" if open_channel("c").shared else ""
        told = rf"'one'.* is under way{heard}; wait for it"
        with pytest.raises(RunInProgressError, match=told) as caught:
            wf.execute(run_id="one")
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (copy.run_id, copy.workflow) == ("one", "waits")
        (info,) = graflow.runs(open_channel("c"))
        assert (info.run_id, info.workflow, info.state) == ("one", "waits", "running")
        assert (info.ended, info.tasks_done, info.last_error) == (None, 0, None)
    finally:
        may_end.set()
        thread.join()
    assert [info.state for info in graflow.runs(open_channel("c"))] == ["finished"]


def test_a_run_that_failed_says_how_to_go_on(channel: Channel, tmp_path: Path) -> None:
    """With its checkpoint, or under another id."""
    fails = [True]

    @task
    def fine() -> int:
        return 1

    @task
    def fail() -> int:
        if fails:
            raise LookupError("as planned")
        return 2

    with workflow("fails", channel=channel) as wf:
        fine >> fail
    path = tmp_path / "run.json"
    with pytest.raises(TaskFailedError):
        wf.execute(run_id="with", checkpoint=path)
    with pytest.raises(TaskFailedError):
        wf.execute(run_id="without")
    with pytest.raises(RunInProgressError, match=r"failed .*as planned.*resume\('.*run.json'\)"):
        wf.execute(run_id="with")
    with pytest.raises(RunInProgressError, match="another run_id"):
        wf.execute(run_id="without")
    first, _ = graflow.runs(channel)
    assert (first.state, first.tasks_done, first.checkpoint) == ("failed", 1, str(path))
    assert first.ended is not None
    assert first.ended >= first.begun
    assert "as planned" in str(first.last_error)
    fails.clear()
    assert wf.resume(path) == 2
    assert wf.execute(run_id="with") == 2
    assert [info.state for info in graflow.runs(channel)] == ["finished", "failed"]


def test_what_never_ran_leaves_nothing(channel: Channel) -> None:
    """So that the id is free."""
    wf = counting(channel)
    wrong: Any = [1]
    with pytest.raises(WorkflowTypeError, match="initial_channel"):
        wf.execute(run_id="one", initial_channel=wrong)
    assert graflow.runs(channel) == []
    assert wf.execute(run_id="one") == 1


KILLED = """
import os, sys
from graflow import RedisChannel, chain, task, workflow
from graflow.core.registry import tenure

tenure.LEASE = 300
with workflow("counts", channel=RedisChannel("killed", url=sys.argv[1])) as wf:
    chain(task("count")(lambda: None))
wf.execute(run_id="one", checkpoint=sys.argv[2], executor=lambda: os.kill(os.getpid(), 9))
"""


def test_a_run_that_died_before_its_first_task_is_begun_anew(
    redis_url: str, tmp_path: Path
) -> None:
    """It has no checkpoint yet from which it could be resumed, and nothing was done."""
    path = tmp_path / "run.json"
    program = [sys.executable, "-c", KILLED, redis_url, str(path)]
    assert subprocess.run(program, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert not path.exists()
    with RedisChannel("killed", url=redis_url) as channel:
        wf = counting(channel)
        wait_for(lambda: [info.state for info in graflow.runs(channel)] == ["dead"])
        assert wf.execute(run_id="one", checkpoint=path) == 1
        assert wf.execute(run_id="one") == 1
        assert [info.state for info in graflow.runs(channel)] == ["finished"]


def test_marks_of_atomic_tasks_go_with_the_run(
    channel: Channel, advance: Callable[[float], None]
) -> None:
    """As its results do."""

    @task(inject_context=True, atomic=True)
    def count_once(ctx: TaskExecutionContext) -> int:
        return int(ctx.get_channel().atomic_add("count"))

    with workflow("counts", channel=channel) as wf:
        chain(count_once)
    assert [wf.execute(run_id="short", keep=60), wf.execute(keep=0)] == [1, 2]
    advance(61)
    assert sorted(channel.backend.keys()) == ["count", "count_once.__result__"]


def test_a_run_that_was_taken_over_stops_at_its_next_write(
    open_channel: Open, tmp_path: Path
) -> None:
    """And what it would have stored is nowhere, nor does it start another task."""
    channel = open_channel("c")
    paused, may_go_on = threading.Event(), threading.Event()
    drivers: list[str] = []
    errors: list[BaseException] = []

    @task(inject_context=True)
    def pay(ctx: TaskExecutionContext) -> str:
        driver = threading.current_thread().name
        if not drivers:
            drivers.append(driver)
            paused.set()
            may_go_on.wait()
        drivers.append(driver)
        ctx.get_channel().append("payments", "first" if len(drivers) > 2 else "second")
        return driver

    @task
    def after() -> None:
        drivers.append("after")

    with workflow("pays", channel=channel) as wf:
        pay >> after
    path, copy = tmp_path / "run.json", tmp_path / "copy.json"

    def drive() -> None:
        try:
            wf.execute(checkpoint=path)
        except Exception as error:  # noqa: BLE001 - it is looked at below
            errors.append(error)

    frozen = threading.Thread(target=drive)
    frozen.start()
    try:
        paused.wait()
        copy.write_bytes(path.read_bytes())
        wf.resume(copy)
    finally:
        may_go_on.set()
        frozen.join()
    (error,) = errors
    assert isinstance(error, RunSupersededError)
    assert error.workflow == "pays"
    assert channel.get("payments") == ["second"]
    assert drivers.count("after") == 1
    (info,) = graflow.runs(channel)
    assert (info.state, info.run_id, info.tasks_done) == ("finished", error.run_id, 2)


def test_what_a_run_keeps_goes_away_with_it(
    channel: Channel, advance: Callable[[float], None]
) -> None:
    """After the time that it was told, and not what belongs to users."""
    wf = counting(channel)
    _, ctx = wf.execute(run_id="short", keep=timedelta(seconds=60), ret_context=True)
    wf.execute(run_id="long", keep=None)
    wf.execute(run_id="usual")
    advance(61)
    assert [info.run_id for info in graflow.runs(channel)] == ["long", "usual"]
    assert ctx.get_result("counted", None) is None
    assert channel.get("counted.__result__") == 3
    assert sorted(channel.keys()) == ["count", "counted.__result__"]
    advance(8 * 86_400)
    assert [info.run_id for info in graflow.runs(channel)] == ["long"]
    wf.execute(run_id="none", keep=0)
    assert [info.run_id for info in graflow.runs(channel)] == ["long"]
    channel.destroy()
    assert graflow.runs(channel) == []
    assert channel.backend.keys() == channel.backend.keys(kept=True) == []


def test_nothing_expires_while_a_run_goes_on(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes: what the run keeps is renewed now and then."""
    monkeypatch.setattr(tenure, "LEASE", 300)
    monkeypatch.setattr(tenure, "_RENEWALS", 10**9)  # at each sign of life
    hour = 3_600_000

    @task(atomic=True)
    def first() -> int:
        return 1

    @task(inject_context=True)
    def second(ctx: TaskExecutionContext) -> int:
        backend = ctx.get_channel().backend
        hidden = list(filter(run_of, backend.keys()))
        assert len(hidden) == 2  # the result, and the mark
        for key in hidden:
            backend.apply(Expire(key, hour))
        until = time.monotonic() + PATIENCE
        while any(held is None or (held.left or 0) <= hour for held in backend.read(hidden)):
            assert time.monotonic() < until
            time.sleep(0.01)
        return int(ctx.get_result("first"))

    with RedisChannel("long", url=redis_url) as channel, workflow("long", channel=channel) as wf:
        first >> second
        assert wf.execute() == 1


def test_a_run_that_was_forgotten_is_a_new_one(channel: Channel) -> None:
    """Its atomic tasks are done anew."""

    @task(inject_context=True, atomic=True)
    def count(ctx: TaskExecutionContext) -> int:
        return int(ctx.get_channel().atomic_add("count"))

    with workflow("counts", channel=channel) as wf:
        chain(count)
    assert wf.execute(run_id="one", keep=0) == 1
    stored = channel.backend.keys()
    assert {key for key in stored if not key.endswith("__result__")} == {"count"}
    assert wf.execute(run_id="one", keep=0) == 2


def test_a_run_that_failed_can_be_resumed_whatever_was_to_be_kept(
    channel: Channel, tmp_path: Path
) -> None:
    """What it keeps goes only when it has finished."""
    fails = [True]

    @task
    def fine() -> int:
        return 1

    @task(inject_context=True)
    def fail(ctx: TaskExecutionContext) -> int:
        if fails:
            raise LookupError("as planned")
        return int(ctx.get_result("fine")) + 1

    with workflow("fails", channel=channel) as wf:
        fine >> fail
    with pytest.raises(TaskFailedError):
        wf.execute(checkpoint=tmp_path / "run.json", keep=0)
    fails.clear()
    assert wf.resume(tmp_path / "run.json", keep=0) == 2
    assert graflow.runs(channel) == []


def test_a_channel_of_its_own_per_run(redis_url: str) -> None:
    """Knows its run, which is begun once all the same."""
    channels = RedisChannel.per_run("counts", url=redis_url)

    @task(inject_context=True)
    def count_alone(ctx: TaskExecutionContext) -> int:
        return int(ctx.get_channel().atomic_add("count"))

    with workflow("counts", channel=channels) as wf:
        chain(count_alone)
    assert wf.execute(run_id="a") == wf.execute(run_id="a") == wf.execute(run_id="b") == 1
    (info,) = graflow.runs(channels("a"))
    assert (info.run_id, info.state, info.tasks_done) == ("a", "finished", 1)


def test_runs_takes_a_channel() -> None:
    """And says so."""
    wrong: Any = "channel"
    with pytest.raises(TypeError, match="takes a Channel, not str"):
        graflow.runs(wrong)


def test_a_finished_run_whose_results_are_gone_says_so(channel: Channel) -> None:
    """It does not run again, nor does one with other tasks under the same id."""
    calls: list[int] = []

    @task
    def count() -> int:
        calls.append(1)
        return len(calls)

    @task
    def more() -> None:
        calls.append(1)

    with workflow("counts", channel=channel) as wf:
        chain(count)
    assert wf.execute(run_id="one") == 1
    with workflow("counts", channel=channel) as longer:
        count >> more
    with pytest.raises(ResultNotFoundError, match=r"'one'.*finished before.*no result.*'more'"):
        longer.execute(run_id="one")
    channel.clear()
    with pytest.raises(ResultNotFoundError, match=r"'one'.*finished before.*was cleared"):
        wf.execute(run_id="one")
    assert calls == [1]


def test_results_last_as_long_as_the_run_is_known(
    channel: Channel, advance: Callable[[float], None]
) -> None:
    """Also those that were stored long before its end."""

    @task
    def early() -> int:
        return 1

    @task
    def late() -> None:
        advance(24 * 3_600)

    with workflow("lasts", channel=channel) as wf:
        early >> late
    wf.execute(run_id="one", keep=timedelta(days=100))
    advance(99.5 * 24 * 3_600)
    assert [info.tasks_done for info in graflow.runs(channel)] == [2]
    _, ctx = wf.execute(run_id="one", ret_context=True)
    assert ctx.get_result(early) == 1


def test_an_old_copy_of_a_checkpoint_doubles_nothing(redis_url: str, tmp_path: Path) -> None:
    """If the run has finished since."""
    channel = RedisChannel("c", url=redis_url)
    calls: list[int] = []
    path, copy = tmp_path / "run.json", tmp_path / "copy.json"

    @task
    def before() -> None:
        pass

    @task
    def pay() -> int:
        calls.append(1)
        if len(calls) == 1:
            copy.write_bytes(path.read_bytes())
            raise LookupError
        return len(calls)

    with workflow("pays", channel=channel) as wf:
        before >> pay
    with channel:
        with pytest.raises(TaskFailedError):
            wf.execute(checkpoint=path)
        assert wf.resume(path) == 2
        assert wf.resume(copy) == 2
        assert wf.resume(copy, ret_context=True)[1].get_result(pay) == 2
    assert len(calls) == 2
