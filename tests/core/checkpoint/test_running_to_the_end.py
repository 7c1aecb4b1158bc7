"""`Workflow.run`: a run that goes on if it has not finished, and otherwise begins anew."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graflow import (
    BlockingCallWarning,
    Channel,
    CheckpointDamagedError,
    CheckpointInUseError,
    CheckpointMismatchError,
    CheckpointNotFoundError,
    MemoryChannel,
    TaskExecutionContext,
    TaskFailedError,
    WorkflowTypeError,
    WorkflowValueError,
    chain,
    read_checkpoint,
    runs,
    task,
    workflow,
)
from tests.core.checkpointed import Steps
from tests.paths import ROOT


@pytest.fixture(params=["run", "arun"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a workflow on a thread, or on an event loop."""

    def it(steps: Steps, **arguments: Any) -> Any:
        if request.param == "run":
            return steps.workflow.run(**arguments)
        return asyncio.run(steps.workflow.arun(**arguments))

    return it


def failing(run: Callable[..., Any], steps: Steps, **arguments: Any) -> None:
    """Run the first task, and let the second one fail."""
    with pytest.raises(TaskFailedError):
        run(steps, **arguments)
    steps.ran.clear()
    steps.fails = False


def test_a_program_that_is_started_until_it_succeeds(
    run: Callable[..., Any], path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """It begins, goes on with what has failed, and begins again once that has finished."""
    steps = Steps(open_channel("run"))
    failing(run, steps, checkpoint=path)
    begun = read_checkpoint(path)
    assert not begun.is_finished
    result, ctx = run(steps, checkpoint=path, ret_context=True)
    assert (result, steps.ran) == ({"count": 3}, ["second", "third"])
    assert ctx.run_id == begun.run_id
    assert read_checkpoint(path).is_finished
    steps.ran.clear()
    result, ctx = run(steps, checkpoint=path, ret_context=True)
    assert (result, steps.ran) == ({"count": 3}, ["first", "second", "third"])
    assert ctx.run_id != begun.run_id
    assert read_checkpoint(path).run_id == ctx.run_id


def test_every_way_to_finish_is_one(path: Path, open_channel: Callable[[str], Channel]) -> None:
    """With `execute`, `resume`, or a stream; one that its consumer leaves early is no way."""
    steps = Steps(open_channel("run"))
    steps.fails = False
    steps.workflow.execute(checkpoint=path)
    assert read_checkpoint(path).is_finished
    steps.workflow.resume(path)
    assert read_checkpoint(path).is_finished
    stream = steps.workflow.stream(checkpoint=path, buffer=1)
    next(stream)
    stream.close()
    assert not read_checkpoint(path).is_finished
    assert list(steps.workflow.stream(checkpoint=path))
    assert read_checkpoint(path).is_finished


def test_a_run_killed_after_its_last_task_goes_on_to_its_end(
    run: Callable[..., Any], path: Path
) -> None:
    """All tasks are done, but nobody has got the result: it is returned, and nothing runs."""
    steps = Steps(MemoryChannel("run"))
    steps.fails = False
    steps.workflow.execute(checkpoint=path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert not read_checkpoint(path).is_finished
    steps.ran.clear()
    assert run(steps, checkpoint=path) == {"count": 3}
    assert steps.ran == []
    assert read_checkpoint(path).is_finished


def test_a_copy_that_does_not_know_of_the_end(
    run: Callable[..., Any], path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """A channel that runs share knows it, so a new one begins; any other lets the copy go on."""
    channel = open_channel("run")
    steps = Steps(channel)
    failing(run, steps, checkpoint=path)
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    run(steps, checkpoint=path)
    steps.ran.clear()
    assert run(steps, checkpoint=copy) == {"count": 3}
    assert steps.ran == (["first"] if channel.shared else []) + ["second", "third"]
    is_new = read_checkpoint(copy).run_id != read_checkpoint(path).run_id
    assert is_new == channel.shared


def test_a_run_with_an_id_happens_once(
    run: Callable[..., Any], path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """It goes on until it has finished, and then returns its result; another id begins anew."""
    channel = open_channel("run")
    steps = Steps(channel)
    failing(run, steps, checkpoint=path, run_id="monday")
    with pytest.raises(CheckpointMismatchError, match="'monday', which has not finished, and not"):
        run(steps, checkpoint=path, run_id="tuesday")
    assert steps.ran == []
    assert run(steps, checkpoint=path, run_id="monday") == {"count": 3}
    assert steps.ran == ["second", "third"]
    steps.ran.clear()
    assert run(steps, checkpoint=path, run_id="monday") == {"count": 3}
    assert steps.ran == []
    assert run(steps, checkpoint=path, run_id="tuesday") == {"count": 3}
    assert steps.ran == ["first", "second", "third"]
    assert {each.run_id for each in runs(channel)} >= {"monday", "tuesday"}
    steps.ran.clear()
    path.unlink()
    assert run(steps, checkpoint=path, run_id="monday") == {"count": 3}
    assert steps.ran == []


def test_a_run_with_an_id_has_its_start_for_ever(run: Callable[..., Any], path: Path) -> None:
    """The message tells that it has finished."""
    steps = Steps(MemoryChannel("run"))
    steps.fails = False
    values = {"first.__result__": {"count": 10}}
    start: dict[str, Any] = {"run_id": "monday", "start_node": "second", "initial_channel": values}
    assert run(steps, checkpoint=path, **start) == {"count": 12}
    told = "runs everything, but the run 'monday' in it, which has finished, started at"
    with pytest.raises(CheckpointMismatchError, match=told):
        run(steps, checkpoint=path, run_id="monday")
    assert run(steps, checkpoint=path, **start) == {"count": 12}
    assert steps.ran == ["second", "third"]


def test_values_are_for_a_run_that_begins(run: Callable[..., Any], path: Path) -> None:
    """One that goes on has its own."""
    steps = Steps()
    failing(run, steps, checkpoint=path, initial_channel={"day": 1})
    for day in (2, 3):
        _, ctx = run(steps, checkpoint=path, initial_channel={"day": day}, ret_context=True)
        assert ctx.get_channel().get("day") == (1 if day == 2 else 3)


def test_the_start_has_to_be_the_same(run: Callable[..., Any], path: Path) -> None:
    """Unless the run in the file has finished."""
    steps = Steps()
    values = {"first.__result__": {"count": 10}}
    failing(run, steps, checkpoint=path, start_node="second", initial_channel=values)
    with pytest.raises(CheckpointMismatchError, match=r"runs everything, but .* at task 'second'"):
        run(steps, checkpoint=path)
    with pytest.raises(CheckpointMismatchError, match=r"at task 'third', but .* at task 'second'"):
        run(steps, checkpoint=path, start_node="third")
    assert run(steps, checkpoint=path, start_node="second") == {"count": 12}
    assert run(steps, checkpoint=path) == {"count": 3}
    steps.fails = True
    failing(run, steps, checkpoint=path)
    with pytest.raises(CheckpointMismatchError, match=r"at task 'second', but .* runs everything"):
        run(steps, checkpoint=path, start_node="second")


@pytest.mark.parametrize("text", [b"", b"{}\n", b"my notes\n"])
def test_a_file_that_is_something_else_is_never_replaced(
    run: Callable[..., Any], path: Path, text: bytes
) -> None:
    """Nor one that was altered."""
    path.write_bytes(text)
    with pytest.raises(CheckpointDamagedError):
        run(Steps(), checkpoint=path)
    assert path.read_bytes() == text


def test_the_file_of_another_workflow_is_never_replaced(
    run: Callable[..., Any], path: Path
) -> None:
    """Even of one that has finished; a graph may change once its run has finished."""
    with workflow("other") as other:
        chain(task("a")(lambda: 1))
    other.execute(checkpoint=path)
    with pytest.raises(CheckpointMismatchError, match="of workflow 'other'"):
        run(Steps(), checkpoint=path)
    path.unlink()
    steps = Steps()
    failing(run, steps, checkpoint=path)
    steps.workflow.add(task("fourth")(lambda: 4))
    with pytest.raises(CheckpointMismatchError, match="have changed"):
        run(steps, checkpoint=path)
    unchanged = Steps()
    unchanged.fails = False
    run(unchanged, checkpoint=path)
    assert run(steps, checkpoint=path) == {"third": {"count": 3}, "fourth": 4}


def test_wrong_arguments_run_nothing(run: Callable[..., Any], path: Path) -> None:
    """As for `execute`."""
    steps = Steps()
    for bad in ({"max_workers": 0}, {"checkpoint": ""}, {"run_id": ""}):
        with pytest.raises(WorkflowValueError):
            run(steps, **{"checkpoint": path, **bad})
    with pytest.raises(WorkflowTypeError):
        run(steps, checkpoint=None)
    with pytest.raises(CheckpointNotFoundError):
        run(steps, checkpoint=path / "folder" / "run")
    assert steps.ran == []


def test_of_two_at_once_one_is_refused(run: Callable[..., Any], path: Path) -> None:
    """Both begin at a file that is not there; the other one can go on with it afterwards."""
    seen: list[BaseException] = []

    @task
    def work() -> int:
        steps = Steps()
        try:
            run(steps, checkpoint=path)
        except CheckpointInUseError as error:
            seen.append(error)
        return 1

    with workflow("outer") as outer:
        chain(work)
    assert outer.run(checkpoint=path) == 1
    assert len(seen) == 1
    assert read_checkpoint(path).workflow == "outer"


def test_run_on_a_loop_warns(path: Path) -> None:
    """It says which method doesn't block it."""
    steps = Steps()
    steps.fails = False

    async def main() -> object:
        with pytest.warns(BlockingCallWarning, match=r"await wf\.arun\(\.\.\.\)") as caught:
            result = steps.workflow.run(checkpoint=path)
        assert caught[0].filename == __file__
        return result

    assert asyncio.run(main()) == {"count": 3}


PROGRAM = """\
import os, sys
from graflow import TaskExecutionContext, task, workflow

path, log, dies = sys.argv[1:]


def note(name):
    with open(log, "a") as file:
        print(name, file=file)
    if name == dies:
        os._exit(9)


@task
def load():
    note("load")
    return 1


@task(inject_context=True)
def add(ctx: TaskExecutionContext):
    note("add")
    return ctx.get_result(load) + 1


with workflow("nightly") as wf:
    load >> add
    print(wf.run(checkpoint=path))
note("returned")
"""


def test_a_program_that_is_killed_again_and_again(path: Path) -> None:
    """Each start goes on where the last one died; the one after the end begins anew."""
    log = path.with_name("log")

    def start(dies: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, path, log, dies],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    assert [start(dies).returncode for dies in ("load", "add", "add", "")] == [9, 9, 9, 0]
    assert log.read_text().split() == ["load", "load", "add", "add", "add", "returned"]
    log.unlink()
    assert start("").stdout == "2\n"
    assert log.read_text().split() == ["load", "add", "returned"]


def test_resume_takes_values(path: Path, open_channel: Callable[[str], Channel]) -> None:
    """They replace what the channel holds and what was restored, and are saved at once."""
    channel = open_channel("run")

    @task
    def first() -> int:
        return 1

    @task(inject_context=True)
    def second(ctx: TaskExecutionContext, day: str, fails: bool = True) -> str:
        if fails:
            raise ValueError
        return f"{day} {ctx.get_result(first)}"

    with workflow("w", channel=channel) as wf:
        first >> second
    with pytest.raises(TaskFailedError):
        wf.execute(checkpoint=path, initial_channel={"day": "monday"})
    with pytest.raises(TaskFailedError):
        wf.resume(path, initial_channel={"day": "tuesday"})
    assert wf.resume(path, initial_channel={"fails": False}) == "tuesday 1"
    assert asyncio.run(wf.aresume(path, initial_channel={"day": "sunday"})) == "tuesday 1"


def test_resume_refuses_values_that_can_not_be_set(
    path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """The result of a finished task, what is no mapping, and what can't be stored."""
    steps = Steps(open_channel("run"))
    steps.fail(path)
    saved = path.read_bytes()
    bad: Any = [1]
    with pytest.raises(WorkflowValueError, match="task 'first' has finished"):
        steps.workflow.resume(path, initial_channel={"first.__result__": {"count": 5}})
    with pytest.raises(WorkflowTypeError, match="takes a mapping"):
        steps.workflow.resume(path, initial_channel=bad)
    with pytest.raises(Exception, match="'key'"):
        steps.workflow.resume(path, initial_channel={"key": object()})
    assert path.read_bytes() == saved
    assert steps.ran == []
    assert steps.workflow.resume(path) == {"count": 3}


def test_results_of_other_tasks_can_be_set(path: Path) -> None:
    """That of a task before the start, with which the task that failed can go on."""
    steps = Steps()
    with pytest.raises(TaskFailedError):
        steps.workflow.execute(start_node="second", checkpoint=path)
    steps.fails = False
    values = {"first.__result__": {"count": 10}}
    assert steps.workflow.resume(path, initial_channel=values) == {"count": 12}
