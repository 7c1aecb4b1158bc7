"""Runs: order, threads, failures and interruptions."""

from __future__ import annotations

import asyncio
import operator
import signal
import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graflow import RedisChannel, chain, parallel, task, workflow
from graflow.channels.base import Channel
from graflow.core.task.composition import Node
from graflow.core.task.task import Task
from graflow.core.workflow import Workflow
from graflow.exceptions import (
    BlockingCallWarning,
    CycleError,
    TaskFailedError,
    TaskNotFoundError,
    WorkflowStateError,
    WorkflowTypeError,
)
from tests.core.travelling import Elsewhere
from tests.patience import PATIENCE
from tests.servers import Server

pytestmark = pytest.mark.usefixtures("no_threads_left")


class Log:
    """Tasks that note that they run."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def task(self, name: str) -> Task[[], None]:
        """Make a task with the id `name`."""

        def work() -> None:
            self.started.append(name)

        return task(name)(work)


handled = threading.Event()


def handle(number: int, frame: object) -> None:
    """Handle a signal as Python handles Ctrl-C, and note that it was."""
    handled.set()
    raise KeyboardInterrupt


@task
def first() -> None:
    """Do nothing."""


@task
def running(receiver: str) -> bool:
    """Interrupt the program, and go on until it has noticed."""
    thread = threading.main_thread() if receiver == "main" else threading.current_thread()
    assert thread.ident is not None
    signal.pthread_kill(thread.ident, signal.SIGINT)
    return handled.wait(PATIENCE)


@task
def never() -> None:
    """Do nothing."""


@given(
    edges=st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda edge: edge[0] < edge[1])
    ),
    workers=st.integers(1, 4),
)
def test_any_graph_runs_each_task_once_after_all_it_waits_for(
    edges: list[tuple[int, int]], workers: int
) -> None:
    """Each task looks at its start whether what it waits for has ended."""
    done: list[int] = []
    early: list[int] = []

    def make(number: int) -> Task[[], None]:
        def work() -> None:
            early.extend(a for a, b in edges if b == number and a not in done)
            done.append(number)

        return task(str(number))(work)

    tasks = [make(number) for number in range(12)]
    wf = workflow("w")
    wf.add(*tasks)
    for before, after in edges:
        wf.add(tasks[before] >> tasks[after])
    wf.execute(max_workers=workers)
    assert sorted(done) == list(range(12))
    assert early == []


def test_groups_and_chains_nest() -> None:
    """All of a part waits for all of the part before, also between wide groups."""
    log = Log()
    a, b, c, d, e, f, g, h = (log.task(name) for name in "abcdefgh")
    with workflow("w") as wf:
        (a | b | c) >> (chain(d, e) | f | g) >> h
    wf.execute(max_workers=1)
    assert log.started == list("abcdfgeh")
    for start, expected in ((b, "bdfgeh"), (d, "deh"), ("h", "h")):
        log.started.clear()
        wf.execute(start_node=start, max_workers=1)
        assert log.started == list(expected)


def test_order_that_was_made_outside_joins_as_a_whole() -> None:
    """In any workflow, as often as wanted; it counts once."""
    log = Log()
    a, b, c = (log.task(name) for name in "abc")
    pipeline = a >> b
    for _ in range(2):
        log.started.clear()
        with workflow("w") as wf:
            pipeline >> c
            pipeline >> c
        wf.execute()
        assert log.started == ["a", "b", "c"]


def test_wide_groups_take_few_links() -> None:
    """A thousand tasks before a thousand are not a million links."""
    log = Log()
    first, second = ([log.task(f"{side}{n}") for n in range(1_000)] for side in "ab")
    with workflow("w") as wf:
        parallel(*first) >> parallel(*second)
    wf.execute()
    assert {name[0] for name in log.started[:1_000]} == {"a"}
    assert len(log.started) == 2_000


@pytest.mark.parametrize("put", [operator.rshift, operator.or_])
def test_many_operators_are_no_deep_recursion(put: Callable[[Node, Node], Node]) -> None:
    """Three thousand in one expression."""
    log = Log()
    nodes: list[Node] = [log.task(str(number)) for number in range(3_000)]
    wf = workflow("w")
    wf.add(reduce(put, nodes))
    wf.execute()
    assert len(log.started) == 3_000


def test_a_task_starts_as_soon_as_what_it_waits_for_is_done() -> None:
    """Not when the whole group is: the slow one waits here for what follows the fast one."""
    followed = threading.Event()

    @task
    def slow() -> bool:
        return followed.wait(PATIENCE)

    @task
    def fast() -> None: ...

    @task
    def follows() -> None:
        followed.set()

    with workflow("w") as wf:
        slow | (fast >> follows)
    assert wf.execute() == {"slow": True, "follows": None}


def test_as_many_tasks_run_at_a_time_as_was_asked_for() -> None:
    """And never more."""
    lock = threading.Lock()
    running = most = 0
    met = threading.Barrier(3, timeout=PATIENCE)

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        met.wait()
        with lock:
            running -= 1

    with workflow("w") as wf:
        parallel(*(task(str(number))(work) for number in range(12)))
    wf.execute(max_workers=3)
    assert most == 3


def test_a_chain_stays_on_one_thread() -> None:
    """Changing threads would cost more than the tasks."""
    threads: set[int] = set()

    def work() -> None:
        threads.add(threading.get_ident())

    with workflow("w") as wf:
        chain(*(task(str(number))(work) for number in range(100)))
    wf.execute()
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.parametrize(
    ("put", "size"),
    [
        (lambda a, *_: a >> a, 2),
        (lambda a, b, c, *_: chain(a, b, c, a), 4),
        (lambda a, b, c, d, e, f: (a | b | c) >> (d | e | f) >> a, 3),
    ],
)
def test_cycles_are_named_before_anything_runs(put: Callable[..., Node], size: int) -> None:
    """A task after itself, a long way round, and one through wide groups."""
    log = Log()
    with workflow("w") as wf:
        put(*(log.task(name) for name in "abcdef"))
    with pytest.raises(CycleError, match=" >> ") as caught:
        wf.execute()
    assert len(caught.value.cycle) == size
    assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert caught.value.workflow == "w"
    assert log.started == []


def test_a_start_that_is_not_there_is_refused() -> None:
    """Also a task of another workflow with the same id, and what is no task at all."""
    log = Log()
    wf = workflow("w")
    wf.add(log.task("a"))
    bad: Any
    for bad in (log.task("a"), "b", ""):
        with pytest.raises(TaskNotFoundError, match="its tasks are: 'a'"):
            wf.execute(bad)
    for bad in (3, ["a"], log.task("x") | log.task("y")):
        with pytest.raises(WorkflowTypeError, match="start_node"):
            wf.execute(bad)
    assert log.started == []


def test_nothing_starts_after_a_failure(channel: Channel) -> None:
    """Also of what was ready; what succeeded keeps its result."""
    log = Log()

    @task
    def fails() -> None:
        raise KeyError("gone")

    late = [log.task(f"late{number}") for number in range(50)]
    wf = workflow("w", channel=channel)
    wf.add(log.task("a"), fails, *late)
    with pytest.raises(TaskFailedError, match="'fails': KeyError: 'gone'") as caught:
        wf.execute(max_workers=1)
    assert log.started == ["a"]
    assert channel.keys() == ["a.__result__"]
    assert (caught.value.workflow, caught.value.task) == ("w", "fails")
    assert caught.value.failures == {"fails": caught.value.__cause__}


def test_every_failure_is_reported() -> None:
    """Also one whose text can't be made, and a cancelled coroutine."""
    barrier = threading.Barrier(3, timeout=PATIENCE)

    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    @task
    def odd() -> None:
        barrier.wait()
        raise Odd

    @task
    async def cancelled() -> None:
        barrier.wait()
        raise asyncio.CancelledError

    @task
    def plain() -> None:
        barrier.wait()
        raise ValueError("plain text")

    with workflow("w") as wf:
        odd | cancelled | plain
    with pytest.raises(TaskFailedError, match="3 tasks") as caught:
        wf.execute()
    assert set(caught.value.failures) == {"odd", "cancelled", "plain"}
    for part in ("'odd': Odd", "'cancelled': CancelledError", "'plain': ValueError: plain text"):
        assert part in str(caught.value)
    group = caught.value.__cause__
    assert isinstance(group, BaseExceptionGroup)
    assert set(group.exceptions) == set(caught.value.failures.values())


@pytest.mark.parametrize("executor", [None, Elsewhere])
@pytest.mark.parametrize("receiver", ["main", "worker"])
def test_an_interrupt_lets_running_tasks_finish_and_starts_nothing_new(
    receiver: str, executor: type[Elsewhere] | None, servers: Callable[[str], Server]
) -> None:
    """The caller gets the `KeyboardInterrupt`, whichever thread the system gave the signal to."""
    handled.clear()
    handler = signal.getsignal(signal.SIGINT)
    url = f"unix://{servers('valkey-9').socket}"
    with RedisChannel("interrupted", url=url) as channel:
        channel.clear()
        with workflow("w", channel=channel) as wf:
            first >> running(receiver) >> never
        signal.signal(signal.SIGINT, handle)
        try:
            with pytest.raises(KeyboardInterrupt):
                wf.execute(executor=executor)
        finally:
            signal.signal(signal.SIGINT, handler)
        assert channel.get("running.__result__") is True
        assert sorted(channel.keys()) == ["first.__result__", "running.__result__"]


def test_a_run_that_gets_no_more_threads_ends_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It does not wait for workers that never come."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.endswith("_1"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with workflow("w") as wf:
        parallel(*(Log().task(str(number)) for number in range(3)))
    with pytest.raises(RuntimeError, match="can't start new thread"):
        wf.execute()


def test_tasks_get_copies_of_the_variables_of_the_caller() -> None:
    """What one sets nobody else sees."""
    variable = ContextVar("variable", default="unset")
    variable.set("set")

    def work() -> str:
        seen = variable.get()
        variable.set("changed")
        return seen

    async def later() -> str:
        await asyncio.sleep(0)
        return work()

    with workflow("w") as wf:
        chain(task("a")(work), task("b")(later), task("c")(work))
    _, ctx = wf.execute(ret_context=True)
    assert [ctx.get_result(name) for name in "abc"] == ["set"] * 3
    assert variable.get() == "set"


def test_async_tasks_run_where_a_loop_runs_already() -> None:
    """As in a notebook: their loop is on another thread. A warning names what doesn't block."""

    @task
    async def later() -> int:
        await asyncio.sleep(0)
        return threading.get_ident()

    async def main() -> Any:
        with workflow("w") as wf:
            chain(later)
        with pytest.warns(BlockingCallWarning, match=r"await wf\.aexecute\(") as warned:
            found = wf.execute()
        assert [each.filename for each in warned] == [__file__]
        return found

    assert asyncio.run(main()) != threading.get_ident()


def test_a_task_can_run_another_workflow_but_not_its_own() -> None:
    """Directly or through others: that would never end."""
    inner, outer = workflow("inner"), workflow("outer")

    @task
    def nested() -> Any:
        with workflow("fresh") as wf:
            chain(task("seven")(lambda: 7))
        return wf.execute()

    @task
    def run_inner() -> Any:
        return inner.execute()

    @task
    def run_outer() -> Any:
        return outer.execute()

    fine = workflow("fine")
    fine.add(nested)
    assert fine.execute() == 7
    outer.add(run_inner)
    inner.add(run_outer)
    with pytest.raises(TaskFailedError) as caught:
        outer.execute()
    error: BaseException | None = caught.value
    while isinstance(error, TaskFailedError):
        error = error.__cause__
    assert isinstance(error, WorkflowStateError)
    assert "'outer'" in str(error)


def test_one_workflow_runs_several_times_at_once() -> None:
    """Each run with a channel of its own."""
    barrier = threading.Barrier(2, timeout=PATIENCE)

    @task
    def meet(number: int) -> int:
        barrier.wait()
        return number

    wf = workflow("w")
    wf.add(meet)
    results: list[int] = []

    def run(number: int) -> None:
        results.append(wf.execute(initial_channel={"number": number}))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 1]


def test_a_thousand_tasks_share_one_channel(open_channel: Callable[[str], Channel]) -> None:
    """Nothing of what they do at the same time gets lost, on every backend."""
    channel = open_channel("run")

    def work() -> int:
        channel.append("log", 1)
        return int(channel.atomic_add("sum", 2))

    with workflow("w", channel=channel) as wf:
        parallel(*(task(str(number))(work) for number in range(1_000)))
    result = wf.execute()
    assert sorted(result.values()) == [2 * number for number in range(1, 1_001)]
    assert (len(channel.get("log")), channel.get("sum")) == (1_000, 2_000)


def test_a_function_that_makes_the_channel_has_to_make_one() -> None:
    """Else the run does not begin."""
    bad: Any = print
    log = Log()
    wf = Workflow("w", channel=bad)
    wf.add(log.task("a"))
    with pytest.raises(WorkflowTypeError, match="NoneType"):
        wf.execute()
    assert log.started == []
