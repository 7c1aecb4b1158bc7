"""Retries, and what a run tells those who watch it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from graflow import MemoryChannel, RedisChannel, chain, parallel, task, workflow
from graflow.channels.base import Channel
from graflow.core.context import TaskExecutionContext
from graflow.core.run import delays
from graflow.core.run.events import TaskEvent
from graflow.core.run.observers import RunObserver
from graflow.core.state.results import Results
from graflow.core.state.run_state import RunState
from graflow.core.task.retries import Attempts, Retries
from graflow.core.travel.marks import FolderMarks
from graflow.core.travel.parcel import pack_run
from graflow.exceptions import (
    ExtraMissingError,
    TaskFailedError,
    WorkflowTypeError,
    WorkflowValueError,
)
from tests.core.travelling import Elsewhere
from tests.core.watching import Log
from tests.patience import PATIENCE
from tests.servers import Server


def failing(times: int, *, retries: int, delay: float = 0.001) -> Any:
    """Return a task that raises so many times before it returns how often it ran."""
    ran: list[int] = []

    @task(max_retries=retries, retry_delay=delay)
    def flaky() -> int:
        ran.append(1)
        if len(ran) <= times:
            raise ConnectionError(f"failure {len(ran)}")
        return len(ran)

    return flaky


@task(inject_context=True)
def note(ctx: TaskExecutionContext) -> int:
    """Note that it runs, and return for the how manieth time."""
    ctx.get_channel().append("log", ctx.task_id)
    return int(ctx.get_channel().atomic_add(f"times {ctx.task_id}"))


clock = [0.0]
"""What the clock of the pauses shows, in seconds."""


@task
def wait() -> None:
    """Let an hour pass."""
    clock[0] += 3600


@task(inject_context=True, max_retries=1, retry_delay=60)
def stumbles(ctx: TaskExecutionContext) -> None:
    """Fail at the first attempt."""
    if note.run(ctx) == 1:
        raise ConnectionError("busy")


def test_a_task_is_tried_again_until_it_works(channel: Channel) -> None:
    """As often as it may be; what follows runs once."""
    after: list[int] = []
    with workflow("w", channel=channel) as wf:
        failing(2, retries=2) >> task("after")(lambda: after.append(1))
    wf.execute()
    assert channel.get("flaky.__result__") == 3
    assert after == [1]


def test_the_last_failure_is_the_one_that_is_reported() -> None:
    """When all attempts are used up."""
    with workflow("w") as wf:
        chain(failing(5, retries=2))
    with pytest.raises(TaskFailedError, match=r"'flaky': ConnectionError: failure 3"):
        wf.execute()


def test_a_variant_of_a_task_is_retried_as_the_task_is() -> None:
    """Calling it keeps what the decorator said."""
    with workflow("w") as wf:
        failing(1, retries=1)(task_id="variant")
    assert wf.execute() == 2


def test_an_earlier_result_is_not_visible_to_the_next_attempt(channel: Channel) -> None:
    """Nor to others, while the task waits."""
    seen: list[object] = []

    @task(inject_context=True, max_retries=1, retry_delay=0)
    def stores(ctx: TaskExecutionContext) -> int:
        seen.append(ctx.get_result("stores", "none"))
        channel.set(Results(channel, ctx.run_id).key("stores"), "early")
        if len(seen) == 1:
            raise ValueError("once more")
        return 1

    with workflow("w", channel=channel) as wf:
        chain(stores)
    assert wf.execute() == 1
    assert seen == ["none", "none"]


def test_what_is_no_exception_is_not_retried() -> None:
    """`sys.exit()` means it: the task has failed."""
    ran: list[int] = []

    @task(max_retries=3, retry_delay=0)
    def leave() -> None:
        ran.append(1)
        sys.exit(2)

    with workflow("w") as wf:
        chain(leave)
    with pytest.raises(TaskFailedError, match="'leave': SystemExit: 2"):
        wf.execute()
    assert ran == [1]


def test_pauses_grow_and_differ() -> None:
    """Twice as long each time, up to a minute, and longer by chance up to the first."""
    for _ in range(50):
        attempts = Attempts(Retries(8, 1.0))
        pauses = [attempts.fail(ValueError()) for _ in range(9)]
        for number, pause in enumerate(pauses[:8]):
            assert pause is not None
            assert min(2.0**number, 60) <= pause <= min(2.0**number, 60) + 1
        assert pauses[8] is None
    assert len({Attempts(Retries(1, 1.0)).fail(ValueError()) for _ in range(20)}) > 10


@pytest.mark.parametrize("executor", [None, partial(ThreadPoolExecutor, 1), Elsewhere])
def test_other_tasks_run_while_one_waits_for_its_next_attempt(
    executor: Any, servers: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps no thread and no worker, also where there is only one."""
    monkeypatch.setattr(delays, "elapsed", lambda: clock[0])
    with RedisChannel("w", url=f"unix://{servers('valkey-9').socket}") as channel:
        channel.clear()
        with workflow("w", channel=channel) as wf:
            stumbles(task_id="stumbles") | note(task_id="a") | chain(note(task_id="b"), wait)
        wf.execute(executor=executor, max_workers=1)
        assert channel.get("log") == ["stumbles", "a", "b", "stumbles"]


def test_a_pause_ends_when_another_task_fails() -> None:
    """Nothing new starts then; the error that was to be retried is reported too."""
    waiting = threading.Event()

    class Told(RunObserver):
        def task_retried(self, event: TaskEvent, error: BaseException, pause: float) -> None:
            waiting.set()

    @task
    def fails() -> None:
        waiting.wait(PATIENCE)
        raise KeyError("other")

    with workflow("w") as wf:
        failing(9, retries=9, delay=86_400) | fails
    with pytest.raises(TaskFailedError) as caught:
        wf.execute(observers=[Told()])
    assert set(caught.value.failures) == {"fails", "flaky"}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"max_retries": -1}, WorkflowValueError),
        ({"max_retries": True}, WorkflowTypeError),
        ({"max_retries": 1.5}, WorkflowTypeError),
        ({"max_retries": 1, "retry_delay": -1}, WorkflowValueError),
        ({"max_retries": 1, "retry_delay": "1"}, WorkflowTypeError),
        ({"max_retries": 1, "retry_delay": float("nan")}, WorkflowValueError),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], error: type[Exception]
) -> None:
    """When the task is decorated."""
    with pytest.raises(error, match="retr"):
        task(**options)(lambda: None)


def test_a_delay_may_be_a_timedelta() -> None:
    """As every number of seconds."""
    made = task(id="a", max_retries=1, retry_delay=timedelta(seconds=2))(lambda: None)
    assert made.retries == Retries(1, 2.0)
    assert task(id="a", max_retries=0)(lambda: None).retries is None


def run(**options: Any) -> None:
    """Run a workflow that must not run."""
    with workflow("w") as wf:
        task("never")(lambda: pytest.fail("it ran")) >> task("end")(lambda: None)
    wf.execute(**options)


def run_elsewhere() -> None:
    """Pack a run for other processes."""
    with closing(FolderMarks()) as marks:
        channel = MemoryChannel()
        pack_run(RunState("run", "w", channel, {}, Results(channel, None)), marks)


@pytest.mark.parametrize(
    ("library", "extra", "use"),
    [
        ("tenacity", "retries", lambda: task(max_retries=1)),
        ("rich.progress", "progress", lambda: run(progress=True)),
        ("cloudpickle", "processes", run_elsewhere),
    ],
)
def test_a_library_that_is_missing_is_named_with_the_way_to_get_it(
    library: str, extra: str, use: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an `ImportError`, and raised before anything runs."""
    monkeypatch.setitem(sys.modules, library, None)
    advice = f"pip install {library}, or install graflow with its extra '{extra}'"
    with pytest.raises(ExtraMissingError, match=advice) as caught:
        use()
    assert isinstance(caught.value, ImportError)


def test_events_say_what_happens() -> None:
    """In order, with the attempt, the run and the workflow."""
    log = Log()
    with workflow("watched") as wf:
        failing(1, retries=1) >> task("fails")(lambda: 1 / 0)
    with pytest.raises(TaskFailedError):
        wf.execute(observers=[log])
    assert log.events == [
        "flaky 1 started",
        "flaky 1 retried after ConnectionError",
        "flaky 2 started",
        "flaky 2 finished",
        "fails 1 started",
        "fails 1 failed with ZeroDivisionError",
    ]
    assert {event.workflow for event in log.seen} == {"watched"}
    assert len({event.run_id for event in log.seen}) == 1


def test_events_come_one_at_a_time() -> None:
    """Whatever threads they come from."""
    inside = 0
    most = 0

    class Busy(RunObserver):
        def task_started(self, event: TaskEvent) -> None:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.0005)
            inside -= 1

    with workflow("w") as wf:
        parallel(*(task(str(number))(lambda: None) for number in range(50)))
    wf.execute(observers=[Busy()])
    assert most == 1


def test_an_observer_that_raises_is_left_out_and_told_of() -> None:
    """The run ends as it would have, with a warning; the others hear everything."""

    class Bad(RunObserver):
        def task_started(self, event: TaskEvent) -> None:
            raise KeyError("bad observer")

    log = Log()
    with workflow("w") as wf:
        task("a")(lambda: None) >> task("b")(lambda: 7)
    with pytest.warns(RuntimeWarning, match=r"KeyError\('bad observer'\)") as warnings:
        result = wf.execute(observers=[Bad(), log])
    assert result == 7
    assert len(warnings) == 1
    assert len(log.events) == 4


def test_what_can_not_observe_is_refused() -> None:
    """Before anything runs."""
    with workflow("w") as wf:
        task("never")(lambda: pytest.fail("it ran")) >> task("end")(lambda: None)
    bad: Any
    for bad in (object(), print, "observer"):
        with pytest.raises(WorkflowTypeError, match="RunObserver"):
            wf.execute(observers=[bad])
