"""Types that checkers infer of workflows, and what they refuse. Never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=false, reportUnusedExpression=false

from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypedDict, assert_never, assert_type

from graflow import (
    AsyncRunObserver,
    Channel,
    Emitted,
    ExecutionContext,
    MemoryChannel,
    RedisChannel,
    RunEnded,
    RunEvent,
    RunInfo,
    RunObserver,
    SQLiteChannel,
    Task,
    TaskEvent,
    TaskExecutionContext,
    TaskFailed,
    TaskFinished,
    TaskRetried,
    TaskStarted,
    Workflow,
    chain,
    parallel,
    read_checkpoint,
    task,
    workflow,
)
from graflow import runs as list_runs
from graflow.core.task.composition import Chain, Group


class Report(TypedDict):
    """What a task returns."""

    rows: int


@task
def plain(number: int, word: str = "") -> float:
    """Take parameters."""
    return number / 2


@task()
def bare() -> Report:
    """Be decorated with no options."""
    return {"rows": 1}


@task("by position")
def named(number: int) -> str:
    """Have an id."""
    return str(number)


@task(task_id="by name", inject_context=True)
def injected(ctx: TaskExecutionContext, source: str) -> list[int]:
    """Have a context."""
    assert_type(ctx.get_channel(), Channel)
    return [len(source)]


@task(id="by the alias", inject_context=True, max_retries=1)
def aliased(ctx: TaskExecutionContext, source: str) -> bytes:
    """Have an id under the other name."""
    return source.encode()


@task("a", task_id="b")  # type: ignore[call-overload, untyped-decorator, unused-ignore]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUntypedFunctionDecorator]
def named_twice() -> None:
    """Have two ids."""


@task(task_id="a", id="b")  # type: ignore[call-overload, untyped-decorator, unused-ignore]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUntypedFunctionDecorator]
def named_twice_by_name() -> None:
    """Have two ids."""


@task(inject_context=True)
async def later(ctx: TaskExecutionContext) -> Report:
    """Be async, with a context."""
    return ctx.get_result(bare)


@task("retried", max_retries=2, retry_delay=timedelta(seconds=1))
def retried(number: int) -> bool:
    """Be tried again."""
    return number > 0


@task(inject_context=True, max_retries=2, retry_delay=0.5)
async def retried_with_context(ctx: TaskExecutionContext) -> bytes:
    """Be tried again, with a context."""
    ctx.checkpoint()
    ctx.checkpoint(metadata={"rows": 3, "at": [None, 1.5]})
    ctx.checkpoint(metadata=[1])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return b""


@task(atomic=True)
def whole(number: int) -> Report:
    """Be all or nothing."""
    return {"rows": number}


@task("whole with a context", inject_context=True, atomic=True, max_retries=2)
async def whole_with_context(ctx: TaskExecutionContext, source: str) -> Report:
    """Be all or nothing, with a context."""
    assert_type(ctx.get_channel(), Channel)
    return {"rows": len(source)}


@task(id="the other name", atomic=True)
def whole_by_the_other_name() -> bytes:
    """Be all or nothing under the other name for an id."""
    return b""


@task(atomic="yes")  # type: ignore[call-overload, untyped-decorator, unused-ignore]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUntypedFunctionDecorator]
def whole_wrongly() -> None:
    """Give a text for a flag."""


@task(max_retries="2")  # type: ignore[call-overload, untyped-decorator, unused-ignore]  # pyright: ignore[reportCallIssue, reportArgumentType, reportUntypedFunctionDecorator]
def retried_wrongly() -> None:
    """Give a text for a number."""


class Watcher(RunObserver):
    """Write the methods that are needed, and no others."""

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """Have the types."""
        assert_type(event.task_id, str)
        assert_type(event.attempt, int)


class Whole:
    """Have all methods, and another base."""

    def task_started(self, event: TaskEvent) -> None:
        """Be told."""

    def task_finished(self, event: TaskEvent) -> None:
        """Be told."""

    def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
        """Be told."""

    def task_failed(self, event: TaskEvent, error: BaseException) -> None:
        """Be told."""


class Part:
    """Lack some."""

    def task_started(self, event: TaskEvent) -> None:
        """Be told."""


@task(inject_context=True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def forgotten() -> int:
    """Leave out the context."""
    return 1


async def atomic(ctx: TaskExecutionContext) -> None:
    """An atomic task has the types of its function, as any other."""
    assert_type(whole_by_the_other_name, Task[[], bytes])
    assert_type(whole.run(1), Report)
    assert_type(await whole_with_context.run(ctx, "api"), Report)
    assert_type(whole_by_the_other_name.run(), bytes)
    assert_type(ctx.get_result(whole_with_context), Report)
    whole.run("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def direct(ctx: TaskExecutionContext) -> None:
    """`run` has the signature of the function."""
    assert_type(plain.run(1), float)
    assert_type(bare.run(), Report)
    assert_type(injected.run(ctx, "api"), list[int])
    assert_type(aliased.run(ctx, "api"), bytes)
    assert_type(await later.run(ctx), Report)
    assert_type(await retried_with_context.run(ctx), bytes)
    plain.run("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    plain.run()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    injected.run("api")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]


def results(ctx: ExecutionContext, text: str) -> None:
    """A task types its result, and a default adds its own type."""
    assert_type(ctx.get_result(plain), float)
    assert_type(ctx.get_result(injected), list[int])
    assert_type(ctx.get_result(later), Report)
    assert_type(ctx.get_result(later, default=None), Report | None)
    assert_type(ctx.get_result(bare, default=text), Report | str)
    assert_type(ctx.get_result("plain"), Any)
    assert_type(ctx.get_result("plain", default=0) * 2, Any)
    ctx.get_result(3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def order() -> None:
    """Operators make nodes; a called task is a task."""
    assert_type(plain >> bare, Chain)
    assert_type(plain | bare, Group)
    assert_type((plain | bare) >> named, Chain)
    assert_type(chain(plain, parallel(bare, named)), Chain)
    bound = plain(task_id="bound", number=1)
    assert_type(bound, Task[..., float])
    assert_type(bound.run(), float)
    plain | None  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    parallel([plain, bare])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def runs(wf: Workflow, flag: bool) -> None:
    """`execute` gives the context where it is asked to."""
    assert_type(wf.execute("plain", True), tuple[Any, ExecutionContext])
    assert_type(wf.execute(plain, ret_context=True), tuple[Any, ExecutionContext])
    assert_type(wf.execute(initial_channel={"number": 1}, max_workers=2), Any)
    assert_type(wf.execute(ret_context=flag), Any)
    wf.execute(initial_channel=MemoryChannel())  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def registered(wf: Workflow, channel: Channel, flag: bool) -> None:
    """Runs with an id of their own, and what their channel knows of them."""
    assert_type(wf.execute(run_id="order-4711"), Any)
    assert_type(wf.execute(keep=timedelta(days=1)), Any)
    assert_type(wf.execute(keep=None, run_id=None, ret_context=flag), Any)
    assert_type(
        wf.execute(ret_context=True, run_id="order-4711", keep=60), tuple[Any, ExecutionContext]
    )
    assert_type(wf.resume("run.json", keep=3600.5), Any)
    listed = list_runs(channel)
    each = listed[0]
    assert_type(each, RunInfo)
    assert_type(each.state, Literal["running", "finished", "failed", "dead"])
    assert_type(each.begun, datetime)
    assert_type(each.ended, datetime | None)
    assert_type(each.tasks_done, int)
    assert_type(each.last_error, str | None)
    wf.execute(run_id=4711)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    wf.execute(keep="a day")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    wf.resume("run.json", run_id="order-4711")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    list_runs("orders")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    each.state = "finished"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def elsewhere(wf: Workflow, pool: Executor, path: Path) -> None:
    """Executors, checkpoints and observers."""
    assert_type(wf.execute(executor=pool), Any)
    assert_type(wf.execute(executor=ProcessPoolExecutor), Any)
    assert_type(wf.execute(executor=lambda: ThreadPoolExecutor(2), progress=True), Any)
    assert_type(
        wf.execute(ret_context=True, executor=pool, checkpoint=path), tuple[Any, ExecutionContext]
    )
    assert_type(wf.resume("run.json"), Any)
    assert_type(wf.resume(path, ret_context=True, executor=pool), tuple[Any, ExecutionContext])
    wf.execute(observers=[Watcher(), Whole()])
    wf.execute(observers=[Part()])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType, reportCallIssue]
    wf.execute(executor="threads")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert_type(read_checkpoint(path).finished, tuple[str, ...])
    assert_type(retried.run(1), bool)


def to_the_end(wf: Workflow, pool: Executor, path: Path, flag: bool) -> None:
    """Runs that go on where a file has left off, and values for them."""
    assert_type(wf.run(checkpoint=path), Any)
    assert_type(wf.run(checkpoint="run.json", ret_context=flag, start_node=plain), Any)
    assert_type(
        wf.run(
            checkpoint=path,
            ret_context=True,
            start_node="plain",
            initial_channel={"number": 1},
            max_workers=2,
            executor=pool,
            run_id="monday",
            keep=timedelta(days=1),
        ),
        tuple[Any, ExecutionContext],
    )
    assert_type(wf.resume(path, initial_channel={"number": 1}), Any)
    assert_type(read_checkpoint(path).is_finished, bool)
    wf.run()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    wf.run(path)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    wf.run(checkpoint=None)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    wf.run(checkpoint=path, initial_channel=MemoryChannel())  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    wf.run(checkpoint=path, keep="a day")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    wf.resume(path, initial_channel=[1])  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def to_the_end_on_a_loop(wf: Workflow, path: Path) -> None:
    """The same, awaited."""
    assert_type(await wf.arun(checkpoint=path, run_id=None), Any)
    assert_type(await wf.arun(checkpoint=path, ret_context=True), tuple[Any, ExecutionContext])
    assert_type(
        await wf.aresume(path, ret_context=True, initial_channel={"number": 1}),
        tuple[Any, ExecutionContext],
    )
    await wf.arun(checkpoint=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await wf.aresume(path, run_id="a")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def opened() -> None:
    """A channel, or what makes one for each run."""
    assert_type(workflow("w"), Workflow)
    workflow("w", channel=MemoryChannel())
    workflow("w", channel=MemoryChannel)
    workflow("w", channel=RedisChannel)
    per_run = RedisChannel.per_run("w", url="redis://localhost")
    assert_type(per_run("1"), RedisChannel)
    workflow("w", channel=per_run)
    in_a_file = SQLiteChannel.per_run("w", Path("w.db"), durable=False)
    assert_type(in_a_file("1"), SQLiteChannel)
    workflow("w", channel=in_a_file)
    with SQLiteChannel.temporary("w", timeout=1) as temporary:
        assert_type(temporary, SQLiteChannel)
    workflow("w", channel=lambda run_id: MemoryChannel(run_id.upper()))
    workflow("w", channel="redis")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with workflow("w") as wf:
        assert_type(wf, Workflow)


class Awaiting(AsyncRunObserver):
    """Its methods are awaited."""

    async def task_started(self, event: TaskEvent) -> None:
        """Look at the event."""
        assert_type(event.task_id, str)


async def on_a_loop(wf: Workflow, pool: Executor, path: Path) -> None:
    """Runs that are awaited take what others take, and their streams have typed events."""
    assert_type(await wf.aexecute(), Any)
    assert_type(await wf.aexecute(retried, False, {"a": 1}, 2, executor=pool, keep=None), Any)
    assert_type(
        await wf.aexecute(ret_context=True, checkpoint=path, run_id="a"),
        tuple[Any, ExecutionContext],
    )
    assert_type(await wf.aexecute("first", True), tuple[Any, ExecutionContext])
    assert_type(await wf.aresume(path, max_workers=2), Any)
    assert_type(await wf.aresume("run.json", ret_context=True), tuple[Any, ExecutionContext])
    await wf.aexecute(observers=[Awaiting(), Watcher(), Whole()])
    await wf.aexecute(executor="threads")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    async for event in wf.astream(initial_channel={"a": 1}, buffer=2, run_id="a"):
        assert_type(event, RunEvent)
        match event:
            case TaskRetried():
                assert_type(event.pause, float)
                assert_type(event.error, BaseException)
            case Emitted():
                assert_type(event.value, Any)
            case RunEnded():
                assert_type(event.context, ExecutionContext)
            case TaskStarted() | TaskFinished() | TaskFailed():
                assert_type(event.attempt, int)
            case _:
                assert_never(event)
    wf.astream(buffer="2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    for event in wf.stream("first", observers=[Watcher()]):
        assert_type(event, RunEvent)


async def emitting(ctx: TaskExecutionContext) -> None:
    """Tasks emit whatever a channel stores."""
    assert_type(ctx.emit({"percent": 1}), None)
    assert_type(await ctx.aemit([1, 2]), None)
