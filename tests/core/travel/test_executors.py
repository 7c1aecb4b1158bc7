"""Executors: the same workflow on threads, processes and a cluster."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cloudpickle
import loky
import pytest

from graflow import RedisChannel, chain, parallel, read_checkpoint, task, workflow
from graflow.core.context import TaskExecutionContext
from graflow.core.run.events import TaskEvent
from graflow.core.run.observers import RunObserver
from graflow.core.state.results import Results
from graflow.core.travel import worker
from graflow.core.travel.executors import ExecutorSource, Pool
from graflow.exceptions import (
    TaskFailedError,
    WorkerLostError,
    WorkflowStateError,
    WorkflowTypeError,
)
from tests.core import travelling
from tests.core.travelling import (
    Elsewhere,
    Here,
    Totals,
    add,
    die,
    processes,
    total,
    wait_for,
)
from tests.core.watching import Log
from tests.patience import PATIENCE
from tests.programs import apart


def test_tasks_run_on_every_executor(far: ExecutorSource, channel: RedisChannel) -> None:
    """By name, from inside a `with` block, sync and async; results are typed as ever."""
    base = 10

    @task
    async def seven() -> int:
        await asyncio.sleep(0)
        return base - 3

    with workflow("w", channel=channel) as wf:
        many = [add(task_id=f"add_{number}", amount=number) for number in range(1, 5)]
        seven >> parallel(*many) >> total
    result, ctx = wf.execute(ret_context=True, executor=far)
    assert result == {"sum": 10}
    assert ctx.get_result(seven) == 7
    assert len(channel.get("pids")) == 4
    assert os.getpid() not in channel.get("pids")


def test_variables_of_the_caller_do_not_leave_the_process(
    far: ExecutorSource, channel: RedisChannel
) -> None:
    """On threads of whatever executor they are there."""
    with workflow("w", channel=channel) as wf:
        chain(travelling.look)
    token = travelling.VARIABLE.set("of the caller")
    try:
        assert wf.execute(executor=partial(ThreadPoolExecutor, 1)) == "of the caller"
        assert wf.execute(executor=far) == "of the worker"
    finally:
        travelling.VARIABLE.reset(token)


def test_threads_of_the_caller_share_the_memory(channel: RedisChannel) -> None:
    """A pool of threads stays open; one that the run made is gone with it."""
    seen: list[str] = []

    @task
    def look() -> None:
        seen.append(threading.current_thread().name)

    with workflow("w") as wf:
        chain(look)
    with ThreadPoolExecutor(2, "mine") as pool:
        wf.execute(executor=pool)
        assert pool.submit(int).result() == 0
    wf.execute(executor=partial(ThreadPoolExecutor, 1, "made"))
    assert [name.partition("_")[0] for name in seen] == ["mine", "made"]
    assert not any(thread.name.startswith("made") for thread in threading.enumerate())


def test_an_unknown_executor_is_asked_whether_it_leaves_the_process(
    channel: RedisChannel,
) -> None:
    """With an object that would arrive as another one."""
    with workflow("memory") as wf:
        chain(add)
    assert wf.execute(executor=Here()) == 1
    with pytest.raises(WorkflowTypeError, match=r"SQLiteChannel\.per_run"):
        wf.execute(executor=Elsewhere())
    with workflow("server", channel=channel) as wf:
        chain(add)
    assert wf.execute(executor=Elsewhere()) == 1


def test_a_module_may_be_chosen_to_travel_by_value(channel: RedisChannel) -> None:
    """With cloudpickle's own setting, for modules that are not there where the tasks run."""
    with workflow("w", channel=channel) as wf:
        total >> add
    channel.set("sum", 3)
    by_value: Any = cloudpickle
    by_value.register_pickle_by_value(travelling)
    try:
        with pytest.raises(WorkflowTypeError, match=r"'add'.*lock"):
            wf.execute(executor=processes)  # the lock that `add` uses can't go along
    finally:
        by_value.unregister_pickle_by_value(travelling)
    assert wf.execute(executor=processes) == 4


def test_a_channel_in_memory_can_not_leave_the_process(tmp_path: Path) -> None:
    """It is refused before anything runs, with both ways out."""
    with workflow("w") as wf:
        chain(add)
    with pytest.raises(
        WorkflowTypeError, match=r"(?s)SQLiteChannel\.per_run\(.*RedisChannel\.per_run\("
    ):
        wf.execute(executor=processes, checkpoint=tmp_path / "run.json")
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_can_not_travel_is_named(channel: RedisChannel) -> None:
    """Before anything runs."""
    lock = threading.Lock()

    @task
    def locked() -> None:
        with lock:
            pass

    with workflow("w", channel=channel) as wf:
        add >> locked
    with pytest.raises(WorkflowTypeError, match=r"'locked'.*lock"):
        wf.execute(executor=processes)
    assert channel.keys() == []


@pytest.mark.parametrize("bad", [3, "threads", ThreadPoolExecutor.submit, int])
def test_what_is_no_executor_is_refused(bad: Any) -> None:
    """A function that makes something else too."""
    with workflow("w") as wf:
        chain(add)
    with pytest.raises((WorkflowTypeError, TypeError), match=r"executor|argument"):
        wf.execute(executor=bad)


def test_a_dask_client_is_no_executor_but_has_one(dask: Any) -> None:
    """The message says how to get it."""
    with workflow("w") as wf:
        chain(add)
    with pytest.raises(WorkflowTypeError, match=r"get_executor\(\)"):
        wf.execute(executor=dask._client)


class Demanding(Exception):
    """An exception that can't be made again from its arguments."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.lock = threading.Lock()


def test_what_a_task_raises_comes_back(far: ExecutorSource, channel: RedisChannel) -> None:
    """With causes, notes and the traceback of the worker; whatever it is, it breaks no pool."""

    class Local(Exception):
        pass

    @task
    def odd() -> None:
        try:
            raise Demanding(1, 2)
        except Demanding as error:
            error.add_note("a note")
            raise ExceptionGroup("both", [Local("here"), error]) from error

    with workflow("w", channel=channel) as wf:
        add >> odd
    with pytest.raises(TaskFailedError, match=r"'odd': ExceptionGroup: both") as caught:
        wf.execute(executor=far)
    group = caught.value.__cause__
    assert isinstance(group, ExceptionGroup)
    local, demanding = group.exceptions
    assert (type(local), str(local)) == (Local, "here")
    assert (type(demanding), str(demanding)) == (Demanding, "1 and 2")
    assert demanding.__notes__ == ["a note"]
    assert group.__cause__ is demanding
    assert "in odd" in "".join(group.__notes__)


def test_nothing_starts_after_a_failure(far: ExecutorSource, channel: RedisChannel) -> None:
    """Not even what the executor has been given already; what runs finishes."""
    number = 100

    @task(inject_context=True)
    def late(ctx: TaskExecutionContext) -> None:
        if ctx.get_channel().exists("failing"):  # a cluster has an order of its own
            ctx.get_channel().atomic_add("late")
            wait_for(lambda: ctx.get_channel().get("heard"))
            time.sleep(0.5)  # longer than it takes to stop what the executor has been given
        time.sleep(0.05)

    @task(inject_context=True)
    def slow(ctx: TaskExecutionContext) -> None:
        ctx.get_channel().set("slow", "began")
        wait_for(lambda: ctx.get_channel().get("failing"))

    @task(inject_context=True)
    def fails(ctx: TaskExecutionContext) -> None:
        wait_for(lambda: ctx.get_channel().get("slow"))
        ctx.get_channel().set("failing", True)
        raise ValueError("no")

    class Hears(RunObserver):
        def task_failed(self, event: TaskEvent, error: BaseException) -> None:
            channel.set("heard", True)

    with workflow("w", channel=channel) as wf:
        slow | fails
        parallel(*(late(task_id=f"late{n}") for n in range(number)))
    with pytest.raises(TaskFailedError, match=r"'fails'"):
        wf.execute(executor=far, observers=[Hears()])
    assert channel.exists("slow.__result__")
    assert channel.get("late", 0) < number / 2


class Outside(BaseException):
    """What is meant for whoever runs the program."""


def test_what_is_no_failure_of_a_task_ends_the_run_as_it_is(
    far: ExecutorSource, channel: RedisChannel
) -> None:
    """As it does on threads."""

    @task
    def raises() -> None:
        raise Outside(3)

    with workflow("w", channel=channel) as wf:
        raises >> add
    with pytest.raises(Outside, match="3"):
        wf.execute(executor=far)
    assert not channel.exists("sum")


@pytest.mark.parametrize("is_async", [False, True])
def test_a_task_that_exits_has_failed(
    is_async: bool, far: ExecutorSource, channel: RedisChannel
) -> None:
    """The program goes on, as if the task had raised anything else."""

    @task
    def leave() -> None:
        sys.exit(0)

    @task
    async def leave_later() -> None:
        await asyncio.sleep(0)
        sys.exit(0)

    leaving = leave_later if is_async else leave
    with workflow("w", channel=channel) as wf:
        leaving >> add
    with pytest.raises(TaskFailedError, match=f"'{leaving.task_id}': SystemExit: 0") as caught:
        wf.execute(executor=far)
    error = caught.value.failures[leaving.task_id]
    assert isinstance(error, SystemExit)
    assert error.code == 0
    assert not channel.exists("sum")


def test_the_worker_of_a_task_is_killed(
    far: ExecutorSource, channel: RedisChannel, caplog: pytest.LogCaptureFixture
) -> None:
    """The error and the log name the task, and nothing that was stored is lost."""

    @task(inject_context=True)
    def killed(ctx: TaskExecutionContext) -> None:
        ctx.get_channel().set("stored", [1, 2])
        die()

    with workflow("w", channel=channel) as wf:
        add >> killed >> add(task_id="never")
    with pytest.raises(TaskFailedError, match=r"'killed'.*max_retries") as caught:
        wf.execute(executor=far)
    assert isinstance(caught.value.failures["killed"], WorkerLostError)
    (record,) = (each for each in caplog.records if each.name == "graflow.run")
    assert (record.levelname, vars(record)["task_id"]) == ("WARNING", "killed")
    assert channel.get("stored") == [1, 2]
    assert channel.get("sum") == channel.get("add.__result__") == 1


def test_a_task_whose_worker_was_killed_goes_on_elsewhere(
    far: ExecutorSource, channel: RedisChannel
) -> None:
    """Where it may be retried. Its lock is free again, and no old result is there."""

    @task(max_retries=2, retry_delay=0.01, inject_context=True)
    def killed(ctx: TaskExecutionContext) -> int:
        channel = ctx.get_channel()
        with channel.lock("lock", lease=2):
            channel.append("seen", ctx.get_result("killed", "nothing"))
            if channel.atomic_add("attempts") < 3:
                channel.set(Results(channel, ctx.run_id).key("killed"), "too early")
                die()
            return int(channel.get("attempts"))

    with workflow("w", channel=channel) as wf:
        killed >> add
    log = Log()
    _, ctx = wf.execute(ret_context=True, executor=far, observers=[log])
    assert ctx.get_result(killed) == 3
    assert channel.get("seen") == ["nothing"] * 3
    assert log.events == [
        "killed 1 started",
        "killed 1 retried after WorkerLostError",
        "killed 2 started",
        "killed 2 retried after WorkerLostError",
        "killed 3 started",
        "killed 3 finished",
        "add 1 started",
        "add 1 finished",
    ]


def test_tasks_that_only_waited_for_a_killed_worker_run_once(channel: RedisChannel) -> None:
    """Those in the queue of the broken pool are no failures, and none runs twice."""

    @task(max_retries=1, retry_delay=0.01, inject_context=True)
    def killed(ctx: TaskExecutionContext) -> None:
        if ctx.get_channel().atomic_add("attempts") == 1:
            die()

    one: Callable[[], Executor] = partial(ProcessPoolExecutor, 1, mp_context=apart())
    with workflow("w", channel=channel) as wf:
        parallel(killed, *(add(task_id=f"add{n}") for n in range(30)))
    wf.execute(executor=one)
    assert (channel.get("attempts"), channel.get("sum")) == (2, 30)


def test_a_cluster_is_asked_for_nothing_once_it_has_answered(
    dask: Any, channel: RedisChannel
) -> None:
    """It would do finished tasks again when a worker dies; failures and successes alike."""

    @task(inject_context=True)
    def fails(ctx: TaskExecutionContext) -> None:
        wait_for(lambda: ctx.get_channel().exists("add.__result__"))
        raise ExceptionGroup("both", [ValueError(1), ValueError(2)])

    with workflow("w", channel=channel) as wf:
        add | fails
    with pytest.raises(TaskFailedError):
        wf.execute(executor=dask)
    wait_for(lambda: not dask._client.futures)


class Closing(Executor):
    """An executor that is shut down meanwhile, and cancels what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Cancel at once, and tell nobody who waits, as `shutdown(cancel_futures=True)` does."""
        future: Future[Any] = Future()
        future.cancel()
        return future


def test_an_executor_that_cancels_everything_is_refused(channel: RedisChannel) -> None:
    """Nothing waits for what will never be."""
    with workflow("w", channel=channel) as wf:
        chain(add)
    with pytest.raises(WorkflowStateError, match="of workflow 'w' is broken: it cancelled"):
        wf.execute(executor=Closing())
    assert channel.keys() == []


def test_a_broken_executor_of_the_caller_ends_the_run(channel: RedisChannel) -> None:
    """Nobody else can replace it: the error says to pass a function, retries or not."""

    @task(max_retries=5, retry_delay=0.01)
    def killed() -> None:
        die()

    with workflow("w", channel=channel) as wf:
        chain(killed)
    with processes() as pool:
        with pytest.raises(TaskFailedError, match=r"'killed'.*pass a function"):
            wf.execute(executor=pool)
        with pytest.raises(WorkflowStateError, match=r"broken.*pass a function"):
            wf.execute(executor=pool)


class BreaksInBetween(Elsewhere):
    """Its worker does not know the run; the executor breaks before it is told of it."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        BreaksInBetween.made += 1
        self.submitted = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Ask for the run, then break; the second executor works."""
        if fn is not worker.perform or BreaksInBetween.made > 1:
            return super().submit(fn, *args, **kwargs)
        self.submitted += 1
        if self.submitted > 1:
            raise BrokenExecutor("a worker was killed")
        future: Future[Any] = Future()
        future.set_result(worker.Reply(worker.Ending.UNKNOWN))
        return future


def test_an_executor_may_break_while_a_worker_asks_for_the_run(
    channel: RedisChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on with another executor, as whenever one breaks."""
    monkeypatch.setattr(BreaksInBetween, "made", 0)
    with workflow("w", channel=channel) as wf:
        chain(add)
    assert isinstance(wf.execute(executor=BreaksInBetween), int)
    assert BreaksInBetween.made == 2
    assert channel.get("sum") == 1


class Unknowing(Elsewhere):
    """Answers at once; its worker does not know the run when the task called `late` first comes."""

    def __init__(self) -> None:
        super().__init__()
        self.submitted: list[str] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function here."""
        if fn is not worker.perform:
            return super().submit(fn, *args, **kwargs)
        task_id = args[1]
        self.submitted.append(task_id)
        future: Future[Any] = Future()
        known = task_id != "late" or self.submitted.count("late") > 1
        future.set_result(fn(*args) if known else worker.Reply(worker.Ending.UNKNOWN))
        return future


def test_a_worker_that_asks_for_a_run_that_has_failed_is_not_told_of_it(
    channel: RedisChannel,
) -> None:
    """Nothing is submitted after a failure, not even once more."""

    @task
    def fails() -> None:
        raise OSError("no disk")

    executor = Unknowing()
    with workflow("w", channel=channel) as wf:
        parallel(fails(task_id="fails"), add(task_id="late"))
    with pytest.raises(TaskFailedError, match="no disk"):
        wf.execute(executor=executor)
    assert executor.submitted == ["fails", "late"]


def test_a_pool_that_never_works_is_given_up(channel: RedisChannel) -> None:
    """After a few attempts, with the reason."""
    with workflow("w", channel=channel) as wf:
        chain(add)
    context = apart()
    with pytest.raises(WorkflowStateError, match=r"broken"):
        wf.execute(executor=partial(ProcessPoolExecutor, 1, context, die))
    assert channel.keys() == []


def test_a_lock_of_a_killed_worker_is_free_when_its_lease_ends(channel: RedisChannel) -> None:
    """Nobody has to know of it."""

    @task(inject_context=True)
    def killed(ctx: TaskExecutionContext) -> None:
        with ctx.get_channel().lock("lock", lease=0.3):
            die()

    with workflow("w", channel=channel) as wf:
        chain(killed)
    with pytest.raises(TaskFailedError):
        wf.execute(executor=processes)
    with channel.lock("lock", timeout=5) as lock:
        assert not lock.lost


def test_a_result_does_not_pass_the_executor(channel: RedisChannel) -> None:
    """However big it is, the reply is small."""
    sizes: list[int] = []

    class Measured(ProcessPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future = super().submit(fn, *args, **kwargs)
            future.add_done_callback(lambda done: sizes.append(len(pickle.dumps(done.result()))))
            return future

    @task
    def big() -> str:
        return "x" * 1_000_000

    with workflow("w", channel=channel) as wf:
        chain(big)
    make = partial(Measured, 1, mp_context=apart())
    assert len(wf.execute(executor=make)) == 1_000_000
    assert max(sizes) < 200


def test_a_schema_checks_results_from_elsewhere(channel: RedisChannel) -> None:
    """As it does here."""

    @task
    def wrong() -> Totals:
        return {"sum": "1"}  # type: ignore[typeddict-item]

    with workflow("w", channel=channel) as wf:
        chain(wrong)
    with pytest.raises(TaskFailedError, match=r"annotation"):
        wf.execute(executor=processes)


def test_what_a_failed_attempt_said_for_the_record_does_not_count(
    channel: RedisChannel, tmp_path: Path
) -> None:
    """Where its process makes the next attempt too, which says nothing."""

    @task(max_retries=1, retry_delay=0, inject_context=True)
    def fails_once(ctx: TaskExecutionContext) -> None:
        if ctx.get_channel().atomic_add("attempts") == 1:
            ctx.checkpoint(metadata={"failed": True})
            raise ValueError("once")

    with workflow("w", channel=channel) as wf:
        wf.add(fails_once)
    wf.execute(executor=Elsewhere, checkpoint=tmp_path / "run.json")
    assert read_checkpoint(tmp_path / "run.json").metadata == {}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    "make",
    [partial(ProcessPoolExecutor, 2, get_context("spawn")), partial(loky.ProcessPoolExecutor, 2)],
    ids=["processes", "loky"],
)
def test_a_process_that_is_killed_while_its_pool_ends_holds_nobody_up(
    make: Callable[[], Any], number: int
) -> None:
    """One of the two has the lock on the queue, and the other one waits for it."""
    made = make()
    pool = Pool(lambda: made, "w")
    for future in [pool.submit(time.sleep, 0.5) for _ in range(2)]:
        future.result()
    time.sleep(0.5)  # until both wait for work
    victim = list(made._processes)[number]
    os.kill(victim, signal.SIGSTOP)
    leaving = threading.Thread(target=pool.__exit__, args=(None, None, None))
    leaving.start()
    time.sleep(0.5)  # until the pool waits for the ends of its processes
    os.kill(victim, signal.SIGKILL)
    leaving.join(PATIENCE)
    assert not leaving.is_alive()
