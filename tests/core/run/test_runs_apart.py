"""Runs on one channel: each has its own results, and the rest they share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import redis

from graflow import Channel, MemoryChannel, RedisChannel, read_checkpoint, task, workflow
from graflow.channels.per_run import PerRun
from graflow.core.context import ExecutionContext, TaskExecutionContext
from graflow.core.state.results import Results
from graflow.core.workflow import Workflow
from graflow.exceptions import CheckpointMismatchError, ResultNotFoundError, TaskFailedError
from tests.core.checkpointed import Steps
from tests.core.travelling import processes, wait_for
from tests.patience import PATIENCE
from tests.servers import Server

RUNS = 20


class Requests:
    """A workflow whose first task gives what its run alone can know; the second passes it on."""

    def __init__(self, channel: Channel, wait: Callable[[TaskExecutionContext], object]) -> None:
        @task(inject_context=True)
        def take(ctx: TaskExecutionContext) -> list[str]:
            return [ctx.run_id]

        @task(inject_context=True)
        def answer(ctx: TaskExecutionContext) -> list[str]:
            wait(ctx)
            return ctx.get_result(take)

        with workflow("requests", channel=channel) as self.workflow:
            take >> answer

    def run(self) -> ExecutionContext:
        """Run it, and see that it answers its own request."""
        answer, ctx = self.workflow.execute(ret_context=True)
        assert answer == [ctx.run_id]
        return ctx


def test_runs_at_the_same_time_get_their_own_results(channel: Channel) -> None:
    """Twenty of one workflow, all of which have stored a result before one reads; also later."""
    barrier = Barrier(RUNS)
    requests = Requests(channel, lambda _: barrier.wait(PATIENCE))
    with ThreadPoolExecutor(RUNS) as pool:
        runs = [pool.submit(requests.run) for _ in range(RUNS)]
        contexts = [run.result() for run in runs]
    for ctx in contexts:
        assert ctx.get_result("take") == ctx.get_result("answer") == [ctx.run_id]
    latest = channel.get("take.__result__")
    assert latest in [[ctx.run_id] for ctx in contexts]
    assert sorted(channel.keys()) == ["answer.__result__", "take.__result__"]


def test_runs_on_processes_get_their_own_results(server: Server) -> None:
    """Two at once, which wait for each other."""

    @task(inject_context=True)
    def first(ctx: TaskExecutionContext) -> str:
        ctx.get_channel().atomic_add("taken")
        return ctx.run_id

    @task(inject_context=True)
    def second(ctx: TaskExecutionContext) -> str:
        wait_for(lambda: ctx.get_channel().get("taken") == 2)
        return ctx.get_result(first)

    with RedisChannel("run", url=server.url) as channel:
        channel.clear()
        with workflow("requests", channel=channel) as wf:
            first >> second
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(wf.execute, ret_context=True, executor=processes) for _ in range(2)]
            for run in runs:
                result, ctx = run.result()
                assert result == ctx.get_result("second") == ctx.run_id


def test_a_result_of_another_run_is_none_of_this_run(channel: Channel) -> None:
    """Neither yesterday's, nor one of another workflow; the error says where the latest is."""

    @task(inject_context=True)
    def use(ctx: TaskExecutionContext) -> object:
        return ctx.get_result("load", "nothing")

    with workflow("w", channel=channel) as wf:
        task("load")(lambda: "yesterday") >> use
    _, yesterday = wf.execute(ret_context=True)
    result, today = wf.execute("use", ret_context=True)
    assert result == "nothing"
    with pytest.raises(
        ResultNotFoundError, match=r"'load\.__result__' in the channel was not stored by this run"
    ) as caught:
        today.get_result("load")
    assert caught.value.available == ("use",)
    assert yesterday.get_result("use") == "yesterday"
    assert channel.get_many(["load.__result__", "use.__result__"]) == {
        "load.__result__": "yesterday",
        "use.__result__": "nothing",
    }


def test_a_result_that_is_handed_in_is_of_the_run(channel: Channel) -> None:
    """For a run that begins in the middle; the other keys are everybody's."""

    @task(inject_context=True)
    def use(ctx: TaskExecutionContext) -> int:
        return int(ctx.get_result("load") + ctx.get_channel().get("more"))

    with workflow("w", channel=channel) as wf:
        task("load")(lambda: 1) >> use
    given = {"load.__result__": 40, "more": 2}
    result, ctx = wf.execute("use", ret_context=True, initial_channel=given)
    assert result == 42
    assert (ctx.get_result("load"), channel.get("load.__result__")) == (40, 40)
    assert wf.execute() == 3


def test_a_context_of_a_run_that_is_over_reads_its_results(channel: Channel) -> None:
    """And one without a run reads the latest."""
    with workflow("w", channel=channel) as wf:
        counted = task("counted")(lambda: channel.atomic_add("runs"))
        wf.add(counted)
    runs = [wf.execute(ret_context=True)[1].run_id for _ in range(3)]
    assert [ExecutionContext(channel, run_id=run).get_result("counted") for run in runs] == [
        1,
        2,
        3,
    ]
    assert ExecutionContext(channel).get_result("counted") == 3


def test_clearing_the_channel_removes_the_results_of_runs(channel: Channel) -> None:
    """A run whose results were cleared says so."""
    with workflow("w", channel=channel) as wf:
        wf.add(task("listed")(lambda: [1, 2]))
    _, ctx = wf.execute(ret_context=True)
    assert ctx.get_result("listed") == [1, 2]
    channel.clear()
    assert channel.backend.keys() == []
    with pytest.raises(ResultNotFoundError, match=r"results are: none$"):
        ctx.get_result("listed")


def test_a_list_that_is_changed_is_not_the_result_of_the_run(channel: Channel) -> None:
    """The latest result is a key like any other, and the run's own a copy."""
    with workflow("w", channel=channel) as wf:
        wf.add(task("listed")(lambda: [1, 2]))
    _, ctx = wf.execute(ret_context=True)
    channel.append("listed.__result__", 3)
    channel.pop("listed.__result__")
    assert channel.get("listed.__result__") == [2, 3]
    assert ctx.get_result("listed") == [1, 2]


# Resuming


class Days:
    """A workflow that sends what it has loaded; it can be told to fail between the two."""

    def __init__(self, channel: Channel | PerRun[RedisChannel]) -> None:
        self.day, self.fails = "", False

        @task(inject_context=True)
        def load(ctx: TaskExecutionContext) -> list[str]:
            return [self.day]

        @task(inject_context=True)
        def send(ctx: TaskExecutionContext) -> list[str]:
            if self.fails:
                raise ConnectionError("the mail server is away")
            return ctx.get_result(load)

        with workflow("days", channel=channel) as self.workflow:
            load >> send

    def run(self, day: str) -> ExecutionContext:
        """Run it on a day when all is well."""
        self.day = day
        sent, ctx = self.workflow.execute(ret_context=True)
        assert sent == [day]
        return ctx

    def fail(self, day: str, path: Path) -> None:
        """Run it on a day when the second task fails."""
        self.day, self.fails = day, True
        with pytest.raises(TaskFailedError):
            self.workflow.execute(checkpoint=path)
        self.fails = False


def test_monday_resumed_sends_what_monday_loaded(path: Path, channel: Channel) -> None:
    """Though Tuesday ran in between, on the same channel; and Tuesday's results stay."""
    days = Days(channel)
    sunday = days.run("Sunday")
    days.fail("Monday", path)
    tuesday = days.run("Tuesday")
    assert days.workflow.resume(path) == ["Monday"]
    for day, ctx in (("Sunday", sunday), ("Tuesday", tuesday)):
        assert ctx.get_result("load") == ctx.get_result("send") == [day]


def test_a_checkpoint_in_memory_holds_no_results_of_other_runs(path: Path) -> None:
    """They stay where they are."""
    days = Days(MemoryChannel())
    sunday = days.run("Sunday")
    days.fail("Monday", path)
    assert sunday.run_id not in path.read_text()
    assert read_checkpoint(path).run_id in path.read_text()


def test_each_result_that_is_lost_is_named(path: Path, channel: Channel) -> None:
    """One is enough to refuse; those of another run are no replacement."""
    steps = Steps(channel)
    steps.fail(path)
    run = ExecutionContext(channel, run_id=read_checkpoint(path).run_id)
    steps.workflow.execute()
    Results(channel, run.run_id).forget("first")
    steps.ran.clear()
    if isinstance(channel, MemoryChannel):  # its checkpoint has the result
        assert steps.workflow.resume(path) == {"count": 3}
        return
    with pytest.raises(CheckpointMismatchError, match=r"lost.*'first'"):
        steps.workflow.resume(path)
    assert steps.ran == []


def test_of_many_results_that_are_lost_some_are_named(path: Path, server: Server) -> None:
    """The message stays short."""
    with RedisChannel("run", url=server.url) as channel:
        channel.clear()
        with workflow("w", channel=channel) as wf:
            wf.add(*(task(f"task {number}")(lambda: 1) for number in range(12)))
        wf.execute(checkpoint=path)
        channel.clear()
        with pytest.raises(CheckpointMismatchError, match=r"('task \d+', ){9}'.*' and 2 more$"):
            wf.resume(path)


def test_a_checkpoint_of_a_run_alone_can_go_on_where_runs_share(path: Path) -> None:
    """And the other way round: a channel in memory is in the file."""
    for before, after in ((Steps(), Steps(MemoryChannel())), (Steps(MemoryChannel()), Steps())):
        before.fail(path)
        after.fails = False
        assert after.workflow.resume(path) == {"count": 3}


def test_a_run_that_had_not_got_far_takes_no_results_of_another(path: Path) -> None:
    """Though they are in the file, under the keys that users know."""
    channel, results = MemoryChannel(), list[object]()

    @task(inject_context=True)
    def use(ctx: TaskExecutionContext) -> None:
        results.append(ctx.get_result("loaded", "nothing"))
        if len(results) == 1:
            raise ValueError("once more")

    with workflow("w", channel=channel) as wf:
        task("loaded")(lambda: "Sunday") >> use
    with pytest.raises(TaskFailedError):
        wf.execute()
    results.clear()
    with pytest.raises(TaskFailedError):
        wf.execute("use", checkpoint=path)
    wf.resume(path)
    assert results == ["nothing", "nothing"]


# A channel for each run


@pytest.fixture
def per_run(server: Server) -> PerRun[RedisChannel]:
    """Channels of runs on each server, which is empty at first."""
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return RedisChannel.per_run("cafe", url=server.url)


def cafe(channel: Callable[[str], Channel] | None) -> Workflow:
    """Return a workflow that adds up a list which its tasks append to."""

    @task(inject_context=True)
    def take_order(ctx: TaskExecutionContext, price: float = 2.5) -> None:
        ctx.get_channel().append("orders", price)

    @task(inject_context=True)
    def add_up(ctx: TaskExecutionContext) -> float:
        return float(sum(ctx.get_channel().get("orders")))

    with workflow("cafe", channel=channel) as wf:
        (take_order(task_id="tea") | take_order(task_id="cake", price=4.0)) >> add_up
    return wf


def test_three_runs_of_one_workflow_are_three_times_the_same(per_run: PerRun[RedisChannel]) -> None:
    """In memory, on a server, and on processes there."""
    assert [cafe(None).execute() for _ in range(3)] == [6.5] * 3
    wf = cafe(per_run)
    assert [wf.execute() for _ in range(3)] == [6.5] * 3
    assert wf.execute(executor=processes) == 6.5


def test_the_channel_of_a_run_can_be_opened_again(per_run: PerRun[RedisChannel]) -> None:
    """By the id of the run; each result is there once."""
    _, ctx = cafe(per_run).execute(ret_context=True)
    with per_run(ctx.run_id) as channel:
        assert channel.name == ctx.get_channel().name == f"cafe:{ctx.run_id}"
        assert channel.get("add_up.__result__") == 6.5
        names = ["orders", *(f"{name}.__result__" for name in ("add_up", "cake", "tea"))]
        assert sorted(channel.backend.keys()) == sorted(names)


def test_a_run_with_a_channel_of_its_own_is_resumed_there(
    path: Path, per_run: PerRun[RedisChannel]
) -> None:
    """The same id of the run gives the same channel."""
    days = Days(per_run)
    days.fail("Monday", path)
    days.run("Tuesday")
    assert read_checkpoint(path).channel["name"] == f"cafe:{read_checkpoint(path).run_id}"
    assert days.workflow.resume(path) == ["Monday"]


def test_a_result_that_is_put_into_the_channel_of_a_run_counts(
    per_run: PerRun[RedisChannel],
) -> None:
    """On a server as in memory: nobody else can have put it there."""

    @task(inject_context=True)
    def use(ctx: TaskExecutionContext) -> int:
        ctx.get_channel().set("manual.__result__", 7)
        return int(ctx.get_result("manual"))

    for source in (None, per_run):
        with workflow("w", channel=source) as wf:
            wf.add(use)
        assert wf.execute() == 7
