"""Types that checkers infer of workflows in tests. Never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=false, reportUnusedExpression=false

from datetime import datetime, timedelta
from typing import Any, assert_type

from graflow import Channel, MemoryChannel, RunHistory, Task, TaskExecutionContext, Workflow, task
from graflow.testing import (
    Clock,
    WorkflowRun,
    arun_workflow,
    crash_after,
    crash_before,
    run_workflow,
)


@task
def load(source: str) -> list[int]:
    """Take a parameter."""
    return [len(source)]


@task(inject_context=True)
async def total(ctx: TaskExecutionContext) -> int:
    """Be awaited."""
    return sum(ctx.get_result(load))


def results(wf: Workflow) -> None:
    """Results have the types of their tasks."""
    run = run_workflow(wf, results={load: [1], "other": None}, stubs={total: lambda: 1})
    assert_type(run, WorkflowRun)
    assert_type(run.result(load), list[int])
    assert_type(run.result(total), int)
    assert_type(run.result("total"), Any)
    assert_type(run.results, dict[str, Any])
    assert_type(run.failures, dict[str, BaseException])
    assert_type(run.channel, Channel)
    assert_type(run.history, RunHistory)
    assert_type(run.order, tuple[str, ...])
    assert_type(wf.task("load"), Task[..., Any])
    run_workflow(wf, results={load: [1]}, stubs={"total": total.function}, channel=MemoryChannel())
    run_workflow(wf, start_node=load, channel=MemoryChannel)
    run_workflow(wf, stubs={load: 3})  # type: ignore[dict-item]
    run_workflow(wf, retry=True)  # type: ignore[call-arg]


async def awaited(wf: Workflow) -> None:
    """The same on a loop."""
    run = await arun_workflow(wf, results={load: [1]}, retries=True, max_workers=None)
    assert_type(run.result(total), int)
    await arun_workflow(wf, retry=True)  # type: ignore[call-arg]


def clocks(wf: Workflow) -> None:
    """A clock is moved by seconds."""
    with Clock() as clock:
        assert_type(clock, Clock)
        assert_type(clock.now(), datetime)
        clock.advance(1)
        clock.advance(timedelta(days=1))
        run_workflow(wf, clock=clock)
        clock.advance("1")  # type: ignore[arg-type]


def crashes(wf: Workflow) -> int:
    """What comes after a block is reached."""
    with crash_after(load, saved=False):
        wf.execute()
    with crash_before("load", attempt=2):
        wf.execute()
    with crash_after(3):  # type: ignore[arg-type]
        wf.execute()
    return 1


def returns_after_a_crash(wf: Workflow) -> int:
    """A block may end with what would be returned, if it did not crash."""
    with crash_after("load"):
        return int(wf.execute())
    return 0
