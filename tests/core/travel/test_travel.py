"""Tasks that travel to other processes, and those refused by name before anything runs."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graflow import RedisChannel, chain, task, workflow
from graflow.core.task.task import Task
from graflow.exceptions import WorkflowTypeError
from tests.core.travelling import Elsewhere
from tests.paths import ROOT
from tests.servers import Server


@pytest.mark.parametrize("executor", ["threads", "spawn", "loky"])
def test_what_a_script_names_travels_or_is_refused(
    executor: str, servers: Callable[[str], Server]
) -> None:
    """New types and aliases go along as classes do; what can't is named, and nothing runs."""
    url = f"unix://{servers('valkey-9').socket}"
    said = subprocess.run(
        [sys.executable, "-m", "tests.core.travel.scripted", url, executor],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = said.stdout.splitlines()
    assert lines[:-1] == ["1", "[1]", "[1]"], said.stderr
    if executor == "loky":
        assert lines[-1].startswith("refused: workflow 'w' can't run on this executor")
        assert "task 'single'" in lines[-1]
        assert "SINGLE" in lines[-1]
    else:
        assert lines[-1] == "True"


class Fragile:
    """It can be sent away, and never arrives."""

    def __reduce__(self) -> Any:
        return arrive, ()


def arrive() -> Any:
    """Refuse to be there."""
    raise LookupError("not here")


@pytest.fixture
def channel(servers: Callable[[str], Server]) -> Any:
    """An empty channel on a server."""
    with RedisChannel("travel", url=f"unix://{servers('valkey-9').socket}") as channel:
        channel.clear()
        yield channel


LOCK = threading.Lock()


def local() -> list[tuple[Task[..., Any], str]]:
    """Return tasks that can't travel, and what is to blame."""
    lock = threading.Lock()

    @task
    def closure() -> None:
        lock.acquire()

    def helper() -> None:
        lock.acquire()

    @task
    def through() -> None:
        helper()

    @task
    def default(x: object = LOCK) -> None:
        pass

    @task
    def takes(number: int, things: dict[str, Any]) -> None:
        pass

    with workflow("other"):
        bound = takes(task_id="bound", number=1, things={"a": [1, lock]})
    return [
        (closure, "'closure' can't be sent to another process because of the variable 'lock'"),
        (through, "'through' .* the variable 'helper', and there the variable 'lock'"),
        (default, "'default' .* the defaults of its parameters, and there item 0"),
        (bound, "'bound' .* 'things', and there 'a', and there item 1"),
    ]


@pytest.mark.parametrize("number", range(4))
def test_what_can_not_be_sent_is_named(number: int, channel: RedisChannel) -> None:
    """The task, and the thing: a variable, a default, an argument, also of a function it calls."""
    made, told = local()[number]
    with workflow("w", channel=channel) as wf:
        task("first")(lambda: 1) >> made
    with pytest.raises(WorkflowTypeError, match=told):
        wf.execute(executor=Elsewhere)
    assert channel.keys() == []


def test_what_does_not_arrive_is_refused_before_the_run(
    channel: RedisChannel, tmp_path: Path
) -> None:
    """By the name of its task; no checkpoint is written, and nothing is in the channel."""

    @task
    def takes(thing: object) -> None:
        pass

    with workflow("w", channel=channel) as wf:
        task("first")(lambda: 1) >> takes(task_id="second", thing=Fragile())
    with pytest.raises(WorkflowTypeError, match=r"task 'second'.*LookupError: not here"):
        wf.execute(executor=Elsewhere, checkpoint=tmp_path / "x", initial_channel={"a": 1})
    assert channel.keys() == []
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_arrive_with_the_others_is_refused_too(
    channel: RedisChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no task is to blame alone."""
    with workflow("w", channel=channel) as wf:
        chain(task("first")(lambda: 1))
    monkeypatch.setattr("graflow.core.travel.known_runs.unpack_run", lambda packed: arrive())
    with pytest.raises(WorkflowTypeError, match="can't be used there: LookupError: not here"):
        wf.execute(executor=Elsewhere)
