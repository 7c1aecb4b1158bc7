"""What `runs`, `show` and `graph` say of workflows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graflow import TaskFailedError, Workflow, runs, task, workflow
from graflow.channels.base import Channel
from tests.command.commands import Place, graflow, on_terminal

MODULE = '''
from graflow import task, workflow


@task
def load() -> int:
    """Load the orders."""
    return 1


@task
def report() -> None: ...


def make():
    with workflow("shop") as made:
        load >> report
    return made


def broken():
    raise ValueError("no\\nluck")


wf = make()
number = 3
'''


@task
def load_shop() -> int:
    """Load something."""
    return 1


@task
def check_shop() -> None:
    """Fail."""
    raise ValueError("no\tluck\x1b[31m")


def shop(channel: Channel) -> Workflow:
    """Return a workflow whose second task fails."""
    with workflow("shop", channel=channel) as wf:
        load_shop >> check_shop
    return wf


def run(channel: Channel) -> str:
    """Run it, and return the id of the run."""
    with pytest.raises(TaskFailedError):
        shop(channel).execute()
    return runs(channel)[-1].run_id


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with workflows in the current directory."""
    name = f"flows_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return name


def test_runs_are_listed(place: Place) -> None:
    """A line each, with tabs between what is known of it, or as JSON."""
    channel = place.open("orders")
    run_id = run(channel)
    (line,) = graflow("runs", place.url, "orders").lines
    found = line.split("\t")
    assert found[:3] == [run_id, "shop", "failed"]
    assert len(found) == 8
    (record,) = map(json.loads, graflow("runs", place.url, "orders", "--json").lines)
    assert (record["run_id"], record["tasks_done"], record["checkpoint"]) == (run_id, 1, None)
    assert "no\tluck" in record["last_error"]


def test_a_run_is_shown(place: Place) -> None:
    """Its tasks with state, attempts and times, and the traceback of what failed."""
    channel = place.open("orders")
    run_id = run(channel)
    first, second = (
        line.split("\t") for line in graflow("show", place.url, "orders", run_id).lines
    )
    assert first[:3] == ["load_shop", "finished", "1"]
    assert second[:3] == ["check_shop", "failed", "1"]
    assert json.loads(second[5]) == "ValueError: no\tluck\x1b[31m"
    assert 'raise ValueError("no' in json.loads(second[6])
    records = [
        json.loads(line) for line in graflow("show", place.url, "orders", run_id, "--json").lines
    ]
    assert [each["task_id"] for each in records] == ["load_shop", "check_shop"]
    assert records[0]["seconds"] >= 0
    assert records[0]["traceback"] is None
    assert "Traceback" in records[1]["traceback"]


def test_a_run_need_not_be_named_in_full(place: Place) -> None:
    """The beginning of its id is enough if no other has it; without one, the latest is shown."""
    channel = place.open("orders")
    for run_id in ("monday 1", "monday 2", "monday"):
        with pytest.raises(TaskFailedError):
            shop(channel).execute(run_id=run_id)
    with workflow("late", channel=channel) as late:
        load_shop()
    late.execute(run_id="tuesday")

    def shown(*run: str) -> list[str]:
        answer = graflow("show", place.url, "orders", *run)
        return [answer.err, *(line.partition("\t")[0] for line in answer.lines)]

    assert shown() == shown("tu") == shown("tuesday") == ["", "load_shop"]
    assert shown("monday") == shown("monday 2") == ["", "load_shop", "check_shop"]
    assert shown("mon") == [
        "graflow: the ids of 3 runs begin with 'mon'; write more of it\n",
    ]
    assert graflow("show", place.url, "orders", "mon").status == 2
    answer = graflow("show", place.url, "orders", "friday")
    assert answer.status == 1
    assert answer.err == (
        "graflow: channel 'orders' knows of no run 'friday', or no more; "
        "`graflow runs` lists those that it knows\n"
    )
    answer = graflow("show", place.url, "no orders")
    assert (answer.status, answer.err) == (1, "graflow: channel 'no orders' knows of no runs\n")


def test_on_a_terminal_a_run_is_a_table(file: Place) -> None:
    """With a title, and the traceback below it; what would move the cursor is shown as text."""
    run_id = run(file.open("orders"))
    seen = on_terminal("show", file.url, "orders", run_id)
    assert seen.status == 0
    assert f"run {run_id} of shop: failed, begun 2" in seen.out
    assert "check_shop failed:\n  Traceback (most recent call last):\n" in seen.out
    assert "\x1b[31m\x1b" not in seen.out.replace("\x1b[31mfailed", "")
    assert "\\x1b[31m" in seen.out
    seen = on_terminal("runs", file.url, "orders", columns=120)
    assert run_id in seen.out
    assert "begun (UTC)" in seen.out


def test_a_terminal_tells_attempts_that_failed_from_tasks_that_did(file: Place) -> None:
    """Of an error of several lines the first is in the tables; below them is all of it."""
    failures = [ValueError("no luck\nat all")]

    @task(max_retries=1, retry_delay=0.001)
    def lucky() -> None:
        if failures:
            raise failures.pop()

    with workflow("lucky", channel=file.open("orders")) as wf:
        lucky()
    wf.execute()
    seen = on_terminal("show", file.url, "orders", columns=120).out
    assert "ValueError: no luck \u2026" in seen
    assert "lucky, the last attempt that failed:\n  Traceback" in seen
    assert "ValueError: no luck\n  at all\n" in seen
    assert "lucky failed" not in seen


def test_a_graph_is_shown_by_stages(module: str) -> None:
    """Of a workflow, or a function that returns one, in the current directory."""
    for name in ("wf", "make"):
        found = graflow("graph", f"{module}:{name}")
        assert (found.status, found.lines) == (0, ["workflow shop", "  1  load", "  2  report"])


def test_a_graph_is_drawn(module: str, tmp_path: Path) -> None:
    """For Mermaid, or as SVG into a file or to standard output."""
    assert "load" in graflow("graph", f"{module}:wf", "--mermaid").out
    picture = graflow("graph", f"{module}:wf", "--svg", "-").out
    assert picture.startswith("<svg")
    assert graflow("graph", f"{module}:wf", "--svg", "wf.svg").out == ""
    assert (tmp_path / "wf.svg").read_text() == picture
    found = graflow("graph", f"{module}:wf", "--svg", "none/wf.svg")
    assert (found.status, found.err) == (
        2,
        "graflow: none/wf.svg can't be written: No such file or directory\n",
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("number", "is a int, not a workflow"),
        ("load", "load is a Task, not a workflow"),
        ("broken", "broken() raised ValueError: no luck"),
        ("none", "can't be imported: AttributeError"),
    ],
)
def test_what_is_no_workflow_is_status_2(name: str, said: str, module: str) -> None:
    """With a sentence."""
    found = graflow("graph", f"{module}:{name}")
    assert (found.status, found.out) == (2, "")
    assert said in found.err
