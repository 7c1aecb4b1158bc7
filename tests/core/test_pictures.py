"""Pictures of workflows, and of what has happened in their runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from graflow import (
    CycleError,
    ExecutionContext,
    MemoryChannel,
    RunHistory,
    TaskExecutionContext,
    TaskFailedError,
    TaskHistory,
    Workflow,
    parallel,
    run_history,
    task,
    workflow,
)
from tests.commands import run
from tests.paths import ROOT


@task(max_retries=2, retry_delay=0)
def fetch(source: str) -> str:
    """Fetch it."""
    if source == "bad":
        raise ValueError("no <such> source")
    return source


@task(atomic=True)
def report() -> None:
    """Report."""


def made(channel: MemoryChannel | None = None) -> Workflow:
    """Return a workflow with a task that fails."""
    with workflow("news", channel=channel) as wf:
        parallel(fetch(task_id="a", source="good"), fetch(task_id="b", source="bad")) >> report
    return wf


@pytest.fixture
def history() -> RunHistory:
    """The history of a run that failed."""
    channel = MemoryChannel("news")
    with pytest.raises(TaskFailedError):
        made(channel).execute(run_id="monday")
    return run_history(channel, "monday")


def test_a_workflow_shows_its_tasks_and_their_policies() -> None:
    """As SVG and as Mermaid; pointing at a task shows what its function says of itself."""
    svg = made().to_svg()
    assert svg == made().graph().to_svg()
    assert "<title>workflow news, 3 tasks</title>" in svg
    assert re.findall(r">([^<>]+)</text>", svg) == [
        *("a", "2 retries"),
        *("b", "2 retries"),
        *("report", "atomic"),
    ]
    assert "<title>a\nFetch it.\ngiven: source</title>" in svg
    assert 't2["report<br/>atomic"]:::plain' in made().to_mermaid()
    assert "t0 --> t2" in made().graph().to_mermaid()


def test_the_picture_of_a_run_has_states_attempts_and_times(history: RunHistory) -> None:
    """And errors where somebody points; `report` was never begun."""
    svg = history.to_svg()
    assert "run monday of workflow news, failed; 1 waiting, 1 finished, 1 failed" in svg
    lines = re.findall(r">([^<>]+)</text>", svg)
    assert lines[0] == "a"
    assert re.fullmatch(r"finished in [\d.]+ m?s", lines[1])
    assert lines[2] == "b"
    assert re.fullmatch(r"failed after [\d.]+ m?s", lines[3])
    assert lines[4:] == ["3 attempts", "report", "waiting", "atomic"]
    assert "ValueError: no &lt;such&gt; source" in svg
    assert ":::failed" in history.to_mermaid()


@pytest.mark.parametrize("draw", ["to_svg", "to_mermaid"])
def test_a_workflow_shows_a_history(history: RunHistory, draw: str) -> None:
    """A task that has joined since is shown without a state."""
    wf = made()
    assert getattr(wf, draw)(history) == getattr(history, draw)()
    wf.add(fetch)
    shown = getattr(wf, draw)(history)
    assert "fetch" in shown
    assert shown.count("failed after") == getattr(history, draw)().count("failed after")


def test_what_is_said_of_each_state() -> None:
    """With the number of the attempt, of those that there may be."""
    history = replace(
        ExecutionContext(workflow_name="w").history(),
        graph=made().graph(),
        tasks={
            "a": TaskHistory("a", "retrying", 1, error="ValueError: no"),
            "b": TaskHistory("b", "running", 2),
            "report": TaskHistory("report", "running", 1),
        },
    )
    assert re.findall(r">([^<>]+)</text>", history.to_svg()) == [
        *("a", "retrying", "attempt 1 of 3 failed"),
        *("b", "running", "attempt 2 of 3"),
        *("report", "running", "atomic"),
    ]


def test_many_tasks_are_folded_unless_somebody_wants_them_all() -> None:
    """In pictures of workflows and of runs."""
    with workflow("wide") as wf:
        parallel(*(fetch(task_id=f"fetch_{n}", source="x") for n in range(200)))
    context: ExecutionContext
    _, context = wf.execute(ret_context=True)
    folded, whole = context.history().to_svg(), context.history().to_svg(fold=False)
    assert ">200 finished</text>" in folded
    assert folded.count("<g ") == 1
    assert whole.count("<g ") == 200
    assert wf.to_mermaid(fold=False).count("]:::") == 200
    assert wf.to_mermaid(context.history()).count("]]:::finished") == 1


def test_a_circle_is_no_picture() -> None:
    """It is refused as `graph` refuses it; a notebook shows the text."""
    with workflow("circle") as wf:
        report >> fetch(task_id="a") >> report
    for draw in (wf.to_svg, wf.to_mermaid):
        with pytest.raises(CycleError):
            draw()
    assert wf._repr_html_() is None
    assert ExecutionContext()._repr_html_() is None  # nor is a context without tasks
    assert wf._repr_mimebundle_() == {"text/plain": "<workflow 'circle': 2 tasks>"}


def test_a_notebook_chooses_what_it_shows(history: RunHistory) -> None:
    """A picture, the same in HTML with a table of the tasks, or text."""
    shown = history._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html", "image/svg+xml"}
    assert shown["text/html"] == history._repr_html_()
    assert "<td" in shown["text/html"]
    assert "no &lt;such&gt; source</td>" in shown["text/html"]
    assert shown["text/plain"] == repr(history)
    assert set(history._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert "text/html" not in history._repr_mimebundle_(exclude={"text/html"})
    assert made().graph()._repr_mimebundle_()["text/plain"] == str(made().graph())


def test_showing_a_workflow_that_is_open_settles_no_ids() -> None:
    """A debugger, or a cell that ends inside the block, leaves everything as it is."""
    with workflow("open") as wf:
        called = fetch(source="x")
        assert wf._repr_html_() is None
        assert repr(wf) == "<workflow 'open': 1 task>"
        assert "without an id yet" in repr(called)


def test_a_table_of_many_tasks_begins_with_those_that_failed(history: RunHistory) -> None:
    """It has 200 rows, and says how many tasks it leaves out."""
    tasks = {f"t{n}": TaskHistory(f"t{n}", "finished") for n in range(300)}
    tasks["bad"] = TaskHistory("bad", "failed", 1, error="x" * 1000)
    table = replace(history, tasks=tasks)._repr_html_() or ""
    assert table.count("<tr>") == 201
    assert table.index(">bad</td>") < table.index(">t0</td>")
    assert "x" * 301 not in table
    assert "and 101 more tasks" in table


def test_rich_prints_a_table_of_a_run(history: RunHistory) -> None:
    """With the last error of each task; text that looks like markup stays as it is."""
    tasks = {**history.tasks, "[red]": TaskHistory("[red]", "retrying", 2, error="[bold]")}
    console = Console(file=StringIO(), width=120)
    console.print(replace(history, tasks=tasks))
    printed: Any = console.file
    assert "run monday of workflow news" in printed.getvalue()
    assert re.search(r"b +│ failed +│ 3 +│ .*ValueError: no <such> source", printed.getvalue())
    assert re.search(r"\[red\] +│ retrying +│ 2 .*\[bold\]", printed.getvalue())


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (lambda: workflow("w"), "<workflow 'w': no tasks>"),
        (made, "<workflow 'news': 3 tasks>"),
        (lambda: made().graph(), "<graph of workflow 'news': 3 tasks>"),
        (
            lambda: ExecutionContext(run_id="r", workflow_name="w"),
            "<run 'r' of workflow 'w' on MemoryChannel('default')>",
        ),
        (
            lambda: TaskExecutionContext("t", run_id="r"),
            "<task 't' in run 'r' on MemoryChannel('default')>",
        ),
        (lambda: Workflow.__new__(Workflow), "<workflow '', not made yet>"),
        (
            lambda: ExecutionContext.__new__(ExecutionContext),
            "<ExecutionContext, not made yet>",
        ),
    ],
)
def test_a_repr_says_what_a_thing_is(thing: Callable[[], object], text: str) -> None:
    """Whatever state it is in, as a debugger may look at any time."""
    assert repr(thing()) == text


@pytest.mark.needs_system
def test_pictures_are_imported_when_something_is_drawn() -> None:
    """So that they cost nothing before that."""
    code = """
import sys, graflow
wf = graflow.workflow("w")
assert not any(name.startswith("graflow.pictures") for name in sys.modules)
wf.to_svg()
assert "graflow.pictures.svg" in sys.modules
"""
    run(sys.executable, "-c", code, cwd=ROOT)


def test_the_repr_of_a_history_counts_the_tasks(history: RunHistory) -> None:
    """By their states."""
    assert repr(history) == (
        "<history of run 'monday' of workflow 'news': failed; 1 waiting, 1 finished, 1 failed>"
    )


def test_endless_docs_are_cut() -> None:
    """A text that a program made may have a single line, and each run stores the graph."""

    @task
    def told() -> None: ...

    told.function.__doc__ = "a" * 1_000_000
    with workflow("w") as wf:
        told()
    assert wf.graph().nodes[0].doc == "a" * 1_000
    assert len(wf.to_svg()) < 3_000
