"""What a page is told of runs: all at first, and then only what has changed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from graflow import (
    MemoryChannel,
    RunHistory,
    SQLiteChannel,
    TaskFailedError,
    TaskHistory,
    Workflow,
    WorkflowGraph,
    parallel,
    runs,
    task,
    workflow,
)
from graflow.ui.answers.followed_run import FollowedRun
from graflow.ui.answers.listed_runs import ListedRuns
from tests.programs import attended
from tests.servers.server import wait_until
from tests.ui.reader import Reader

BEGUN = datetime(2026, 1, 2, tzinfo=UTC)

PROGRAM = """
import sys
from graflow import SQLiteChannel, task, workflow

channel = SQLiteChannel("orders", sys.argv[1])

@task
def first() -> int:
    channel.wait_for("go")
    return 1

@task
def second() -> int:
    raise ValueError("no")

with workflow("apart", channel=channel) as wf:
    first >> second
wf.execute()
"""


def history_of(**states: Any) -> RunHistory:
    """Return a history with tasks in these states."""
    tasks = {task_id: TaskHistory(task_id, state) for task_id, state in states.items()}
    graph = WorkflowGraph("wf", ())
    return RunHistory("r", "wf", "running", BEGUN, None, None, graph, tasks)


class Followed:
    """A run that is whatever a test says, with a clock that a test moves."""

    def __init__(self, history: RunHistory) -> None:
        self.history, self.now, self.reads = history, 0.0, 0
        self.run = FollowedRun(self._read, lambda: self.now)
        self.epoch, self.next = "", 0

    def _read(self) -> RunHistory:
        self.reads += 1
        return self.history

    def news(self) -> list[Any]:
        """Return what a reader is told that has taken all before, as ids and states."""
        self.now += 100
        told = self.run.changes(self.epoch, self.next)
        self.epoch, self.next = told["epoch"], told["next"]
        return [(row[1], row[2]) for row in told["tasks"]]


def test_a_reader_is_told_what_has_changed_since() -> None:
    """And nothing twice."""
    followed = Followed(history_of(a="waiting", b="waiting"))
    assert followed.news() == [("a", "waiting"), ("b", "waiting")]
    assert followed.news() == []
    followed.history = history_of(a="running", b="waiting")
    assert followed.news() == [("a", "running")]
    assert followed.news() == []
    followed.history = history_of(a="finished", b="running")
    assert followed.news() == [("a", "finished"), ("b", "running")]


def test_a_reader_who_comes_later_is_told_all() -> None:
    """So is one who followed another process, or another time."""
    followed = Followed(history_of(a="waiting", b="waiting"))
    followed.news()
    followed.history = history_of(a="waiting", b="finished")
    followed.news()
    for epoch, since in (("", 0), ("another", 10**9), (followed.epoch, 0)):
        told = followed.run.changes(epoch, since)
        assert [row[1:3] for row in told["tasks"]] == [["a", "waiting"], ["b", "finished"]]


def test_many_changes_come_in_parts() -> None:
    """A thousand at a time; what changes meanwhile comes at the end."""
    states: dict[str, Any] = {f"t{n}": "waiting" for n in range(2_500)}
    followed = Followed(history_of(**states))
    assert [len(followed.news()) for _ in range(4)] == [1000, 1000, 500, 0]
    followed.history = history_of(**dict.fromkeys(states, "running"))
    assert followed.news()[0] == ("t0", "running")
    followed.history = history_of(**dict.fromkeys(states, "running") | {"t0": "finished"})
    rest = followed.news() + followed.news() + followed.news()
    assert len(rest) == 1_501
    assert rest[-1] == ("t0", "finished")


def test_the_store_is_asked_once_for_all_readers() -> None:
    """And a run that takes long to read is read seldom."""
    followed = Followed(history_of(a="waiting"))
    for _ in range(10):
        followed.run.changes("", 0)
    assert followed.reads == 1
    followed.now += 0.6
    followed.run.history()
    assert followed.reads == 2


def test_a_run_whose_tasks_are_others_is_told_anew() -> None:
    """As when it is resumed after a change of the program."""
    followed = Followed(history_of(a="waiting"))
    followed.news()
    epoch = followed.epoch
    followed.history = history_of(b="waiting", a="waiting")
    assert followed.news() == [("b", "waiting"), ("a", "waiting")]
    assert followed.epoch != epoch


# On channels


def failing(channel: MemoryChannel) -> Workflow:
    """Return a workflow whose second task fails."""

    @task
    def load_rows() -> int:
        """Load the rows."""
        return 1

    @task(max_retries=1, retry_delay=0.001)
    def check_rows() -> None:
        """Check them."""
        raise ValueError("no <b>rows</b>")

    @task
    def report_rows() -> None: ...

    with workflow("nightly", channel=channel) as wf:
        load_rows >> check_rows >> report_rows
    return wf


@pytest.fixture
def failed(orders: MemoryChannel) -> str:
    """The id of a run that failed."""
    with pytest.raises(TaskFailedError):
        failing(orders).execute()
    (run,) = runs(orders)
    return run.run_id


def test_runs_are_listed_with_the_latest_first(
    orders: MemoryChannel, failed: str, reader: Reader
) -> None:
    """With what has become of them."""

    @task
    def quick() -> None: ...

    with workflow("quick", channel=orders) as wf:
        quick()
    wf.execute()
    latest, first = reader.ask("runs", channel="orders")["runs"]
    assert (latest["workflow"], latest["state"]) == ("quick", "finished")
    assert (latest["done"], latest["total"]) == (1, 1)
    assert (first["id"], first["state"]) == (failed, "failed")
    assert (first["done"], first["total"]) == (1, 3)
    assert "no <b>rows</b>" in first["error"]
    assert first["begun"] <= first["ended"]


def test_what_becomes_of_a_listed_run_is_seen(orders: MemoryChannel) -> None:
    """A run that went on, and ended, is counted anew; one that has ended is read once."""
    now = 0.0
    listed = ListedRuns(orders, lambda: now)
    go, begun = threading.Event(), threading.Event()

    @task
    def wait() -> None:
        begun.set()
        go.wait()

    with workflow("live", channel=orders) as wf:
        wait()
    thread = threading.Thread(target=wf.execute)
    thread.start()
    try:
        begun.wait()
        (run,) = listed.latest()["runs"]
        assert (run["state"], run["done"], run["total"]) == ("running", 0, 1)
    finally:
        go.set()
        thread.join()
    now += 10
    (run,) = listed.latest()["runs"]
    assert (run["state"], run["done"], run["total"]) == ("finished", 1, 1)
    orders.destroy()
    now += 10
    assert listed.latest() == {"runs": [], "total": 0}


def test_a_run_is_told_with_its_tasks(failed: str, reader: Reader) -> None:
    """States, attempts, times and errors, in the order of the graph."""
    told = reader.ask("run", channel="orders", run=failed)
    assert told["run"]["counts"]["failed"] == 1
    assert told["run"]["total"] == 3
    assert [row[:4] for row in sorted(told["tasks"])] == [
        [0, "load_rows", "finished", 1],
        [1, "check_rows", "failed", 2],
        [2, "report_rows", "waiting", 0],
    ]
    assert sorted(told["tasks"])[1][6] == "ValueError: no <b>rows</b>"


def test_a_task_is_told_with_its_traceback(failed: str, reader: Reader) -> None:
    """With what it waits for, and what it is about."""
    told = reader.ask("task", channel="orders", run=failed, task="check_rows")
    assert told["traceback"].startswith("Traceback (most recent call last)")
    assert told["traceback"].rstrip().endswith("ValueError: no <b>rows</b>")
    assert (told["after"], told["doc"], told["attempts"]) == (["load_rows"], "Check them.", 2)
    assert reader.refused("task", channel="orders", run=failed, task="no")[0] == 404


def test_a_run_has_a_picture(failed: str, reader: Reader) -> None:
    """Which is SVG, with all that is from others escaped, and not sent twice."""
    path = f"/api/picture?channel=orders&run={failed}"
    got = reader.get(path)
    assert got.headers["Content-Type"] == "image/svg+xml"
    root = ElementTree.fromstring(got.body)
    assert "b" not in {each.tag.rpartition("}")[2] for each in root.iter()}
    assert "check_rows" in "".join(root.itertext())
    assert reader.get(path, If_None_Match=got.headers["ETag"]).status == 304


def test_a_run_in_this_process_is_followed(orders: MemoryChannel, reader: Reader) -> None:
    """From its start to its end, by what changes."""
    go = threading.Event()

    @task
    def wait() -> None:
        go.wait()

    @task
    def quick_one() -> None: ...

    with workflow("live", channel=orders) as wf:
        parallel(wait(), quick_one())
    thread = threading.Thread(target=wf.execute)
    thread.start()
    try:
        wait_until("the run", lambda: reader.ask("runs", channel="orders")["runs"])
        run = reader.ask("runs", channel="orders")["runs"][0]["id"]

        def states() -> dict[str, str]:
            told = reader.ask("run", channel="orders", run=run)
            return {row[1]: row[2] for row in told["tasks"]}

        wait_until("one", lambda: states() == {"wait": "running", "quick_one": "finished"})
        known = reader.ask("run", channel="orders", run=run)
    finally:
        go.set()
        thread.join()

    def news() -> list[Any]:
        told = reader.ask(
            "run", channel="orders", run=run, epoch=known["epoch"], since=known["next"]
        )
        return [row[1:3] for row in told["tasks"]]

    wait_until("the end", news)
    assert news() == [["wait", "finished"]]


def test_a_run_in_another_process_is_followed(tmp_path: Path, read: Callable[..., Reader]) -> None:
    """Through the file that both have."""
    file = tmp_path / "state.db"
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with SQLiteChannel("orders", file) as channel:
        channel.set("begun", 1)
        reader = read(f"sqlite:///{file}")
        command = [sys.executable, str(program), str(file)]
        with attended(subprocess.Popen(command, stderr=subprocess.DEVNULL)) as process:

            def listed() -> list[Any]:
                found: list[Any] = reader.ask("runs", channel="orders")["runs"]
                return found

            wait_until("the run", listed)
            (run,) = listed()
            assert run["state"] == "running"

            def states() -> list[str]:
                told = reader.ask("run", channel="orders", run=run["id"])
                return [row[2] for row in sorted(told["tasks"])]

            wait_until("the first task", lambda: states() == ["running", "waiting"])
            channel.set("go", 1)
            wait_until("the end", lambda: listed()[0]["state"] == "failed")
            assert process.wait() == 1
        wait_until("the states", lambda: states() == ["finished", "failed"])
        told = reader.ask("task", channel="orders", run=run["id"], task="second")
        assert "program.py" in told["traceback"]
