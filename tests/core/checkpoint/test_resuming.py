"""Checkpoints: what a run that is resumed does again, and what it refuses to go on with."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import pytest
import redis

from graflow import (
    Channel,
    MemoryChannel,
    MemorySpace,
    RedisChannel,
    chain,
    parallel,
    read_checkpoint,
    task,
    workflow,
)
from graflow.core.context import ExecutionContext, TaskExecutionContext
from graflow.core.state.results import Results
from graflow.core.workflow import Workflow
from graflow.exceptions import CheckpointMismatchError, TaskFailedError
from tests.core.checkpointed import Count, Steps, with_checksums
from tests.core.travelling import add, processes
from tests.paths import ROOT
from tests.servers import Server


def test_a_run_goes_on_where_it_stopped(path: Path, open_channel: Callable[[str], Channel]) -> None:
    """On every backend; results and the channel are there, and the run keeps its id."""
    steps = Steps(open_channel("run"))
    steps.fail(path)
    saved = read_checkpoint(path)
    assert (saved.workflow, saved.finished, saved.start) == ("steps", ("first",), None)
    result, ctx = steps.workflow.resume(path, ret_context=True)
    assert result == {"count": 3}
    assert steps.ran == ["second", "third"]
    assert ctx.get_channel().get("list") == [{"deep": (1, 2)}]
    assert ctx.run_id == saved.run_id
    steps.ran.clear()
    assert steps.workflow.resume(path) == {"count": 3}
    assert steps.ran == []
    assert read_checkpoint(path).finished == ("first", "second", "third")


def test_a_channel_in_memory_comes_back_as_it_was(path: Path) -> None:
    """In another process, which is played here by another workflow; but for what has expired."""
    now = [100.0]
    steps = Steps(MemoryChannel("run", space=MemorySpace(lambda: now[0])))
    stored = {"text": "ü\n\0", "number": 10**400, "bytes": b"\xff", "set": {1, (2, None)}}
    steps.fail(path, initial_channel=stored)
    again = Steps(MemoryChannel("run"))
    again.fails = False
    _, ctx = again.workflow.resume(path, ret_context=True)
    channel = ctx.get_channel()
    assert channel.get_many(stored) == stored
    assert channel.get("list") == [{"deep": (1, 2)}]


def test_what_has_expired_does_not_come_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that passes while nothing runs counts too."""

    @task(inject_context=True)
    def store(ctx: TaskExecutionContext) -> None:
        ctx.get_channel().set("short", 1, ttl=60)
        ctx.get_channel().set("long", 1, ttl=600)

    with workflow("w") as wf:
        chain(store)
    wf.execute(checkpoint=path)
    present = time.time
    monkeypatch.setattr(time, "time", lambda: present() + 300)
    _, ctx = wf.resume(path, ret_context=True)
    channel = ctx.get_channel()
    assert sorted(channel.keys()) == ["long", "store.__result__"]
    left = channel.ttl("long")
    assert left is not None
    assert 290 < left <= 300


def test_another_graph_is_refused(path: Path) -> None:
    """Another order, one more task, another name; and nothing changes."""
    steps = Steps()
    steps.fail(path)
    saved = path.read_bytes()
    channel = MemoryChannel()
    channel.set("kept", 1)
    a, b, c = (task(name)(lambda: None) for name in ("first", "second", "third"))

    def graph(name: str, put: Callable[[], object]) -> Workflow:
        with workflow(name, channel=channel) as wf:
            put()
        return wf

    for wf, why in (
        (graph("steps", lambda: a >> c >> b), "order"),
        (graph("steps", lambda: parallel(a, b, c)), "order"),
        (graph("steps", lambda: a >> b >> c >> task("d")(lambda: None)), "order"),
        (graph("other", lambda: a >> b >> c), "'steps'"),
    ):
        with pytest.raises(CheckpointMismatchError, match=why):
            wf.resume(path)
    assert path.read_bytes() == saved
    assert channel.keys() == ["kept"]
    assert graph("steps", lambda: a >> b >> c).resume(path) is None


def test_the_order_of_definition_makes_no_other_graph(path: Path) -> None:
    """`a | b` and `b | a` are the same."""
    a, b, c = (task(name)(lambda: None) for name in "abc")
    with workflow("w") as wf:
        (a | b) >> c
    wf.execute(checkpoint=path)
    with workflow("w") as wf:
        (b | a) >> c
    assert wf.resume(path) is None


def test_a_run_that_began_in_the_middle_is_resumed_as_such(path: Path) -> None:
    """The file knows where it started."""
    steps = Steps()
    steps.fail(path, start_node="second", initial_channel={"first.__result__": {"count": 5}})
    assert steps.workflow.resume(path) == {"count": 7}
    assert steps.ran == ["second", "third"]


def test_another_channel_is_refused(path: Path, servers: Callable[[str], Server]) -> None:
    """One in memory for one on a server, one on another server, and one of another name."""
    url = servers("valkey-9").url
    with RedisChannel("run", url=url) as channel:
        channel.clear()
        Steps(channel).fail(path)
        memory = path.with_name("memory.json")
        Steps().fail(memory)
        for other, file in (
            (None, path),
            (RedisChannel("other", url=url), path),
            (RedisChannel("run", url=servers("redis-8").url), path),
            (channel, memory),
        ):
            steps = Steps(other)
            with pytest.raises(CheckpointMismatchError, match="channel"):
                steps.workflow.resume(file)
            assert steps.ran == []
        channel.clear()
        with pytest.raises(CheckpointMismatchError, match="lost"):
            Steps(channel).workflow.resume(path)


def test_nothing_connects_to_the_address_in_a_file(path: Path) -> None:
    """A stranger may have written it; the workflow's own channel is what counts."""
    steps = Steps()
    steps.fail(path)
    header, *records = [json.loads(line)["record"] for line in path.read_text().splitlines()]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        header["channel"] = {"kind": "RedisChannel", "name": "steps", "server": server}
        path.write_bytes(with_checksums(header, *records))
        with pytest.raises(CheckpointMismatchError, match=server):
            steps.workflow.resume(path)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_another_result_than_the_one_that_was_saved_is_refused(
    path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """On every server, whatever it is now; what is lost is named beside it, and nothing runs."""
    channel = open_channel("run")
    if not channel.shared:
        return  # its contents are in the file
    kinds: list[object] = [5, "text", [], [1, "two"], list(range(2_500)), {"big": "x" * 100_000}]

    def store(number: int) -> object:
        return kinds[number]

    with workflow("w", channel=channel) as wf:
        numbers = range(len(kinds))
        chain(*(task(store)(task_id=f"store {number}", number=number) for number in numbers))
    wf.execute(checkpoint=path)
    results = Results(channel, read_checkpoint(path).run_id)
    assert wf.resume(path) == kinds[-1]
    saved = path.read_bytes()
    other = {0: 6, 1: "texts", 2: [1], 3: [1, "twos"], 4: list(range(2_499))}
    for number, value in other.items():
        before = channel.get(results.key(f"store {number}"))
        channel.set(results.key(f"store {number}"), value)
        with pytest.raises(CheckpointMismatchError, match=f"other results .*: 'store {number}'$"):
            wf.resume(path)
        channel.set(results.key(f"store {number}"), before)
    channel.set(results.key("store 4"), [*range(2_499), 0])
    channel.set(results.key("store 3"), 1)
    channel.delete(results.key("store 5"))
    with pytest.raises(
        CheckpointMismatchError, match=r"lost .*: 'store 5', and .*other .*'store 3', 'store 4'$"
    ):
        wf.resume(path)
    assert path.read_bytes() == saved


def test_results_are_compared_where_they_are(path: Path, servers: Callable[[str], Server]) -> None:
    """They may be big, and need not be read for it."""
    url = servers("valkey-9").url
    with RedisChannel("run", url=url) as channel, redis.Redis.from_url(url) as client:
        channel.clear()
        with workflow("w", channel=channel) as wf:
            task("big")(lambda: "x" * 5_000_000) >> task("small")(lambda: 1)
        wf.execute(checkpoint=path)
        before = client.info("stats")["total_net_output_bytes"]
        assert wf.resume(path) == 1
        assert client.info("stats")["total_net_output_bytes"] - before < 1_000_000


@pytest.mark.parametrize("executor", [None, processes])
def test_digests_of_results_are_saved_for_a_channel_on_a_server(
    path: Path, executor: Callable[[], Executor] | None, servers: Callable[[str], Server]
) -> None:
    """Wherever tasks run, and they stay when it is resumed; a file with the results has none."""
    with RedisChannel("run", url=f"unix://{servers('valkey-9').socket}") as channel:
        channel.clear()
        with workflow("w", channel=channel) as wf:
            add(task_id="add", amount=3) >> add(task_id="more", amount=4)
        wf.execute(executor=executor, checkpoint=path)
        saved = read_checkpoint(path)
        assert list(saved.digests) == ["add", "more"]
        assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in saved.digests.values())
        assert wf.resume(path) == 7
        assert read_checkpoint(path) == saved
    with workflow("w") as wf:
        add(task_id="add", amount=3) >> add(task_id="more", amount=4)
    wf.execute(checkpoint=path)
    assert read_checkpoint(path).digests == {}
    assert b"digests" not in path.read_bytes()


def test_a_file_of_version_1_is_read(path: Path, open_channel: Callable[[str], Channel]) -> None:
    """It knows no digests, so all that counts is that there are results; the next does."""
    channel = open_channel("run")
    steps = Steps(channel)
    steps.fail(path)
    header, *records = [json.loads(line)["record"] for line in path.read_text().splitlines()]
    for record in records:
        record.pop("digests", None)
    path.write_bytes(with_checksums({**header, "version": 1}, *records))
    assert steps.workflow.resume(path) == {"count": 3}
    assert steps.ran == ["second", "third"]
    assert json.loads(path.read_text().splitlines()[0])["record"]["version"] == 3
    if channel.shared:
        assert list(read_checkpoint(path).digests) == ["second", "third"]


def test_a_result_that_no_checkpoint_knows_of_is_gone_before_the_task_runs_again(
    path: Path, open_channel: Callable[[str], Channel]
) -> None:
    """As that of a task whose process died between storing it and saving that it ended."""
    channel = open_channel("run")
    steps = Steps(channel)
    steps.fail(path)
    run = ExecutionContext(channel, run_id=read_checkpoint(path).run_id)
    channel.set(Results(channel, run.run_id).key("third"), {"count": 99})
    assert run.get_result("third") == {"count": 99}
    seen: list[object] = []

    @task(inject_context=True)
    def second(ctx: TaskExecutionContext) -> Count:
        seen.append(ctx.get_result("third", "none"))
        return {"count": 2}

    with workflow("steps", channel=channel) as wf:
        task("first")(lambda: {"count": 0}) >> second >> task("third")(lambda: {"count": 3})
    assert wf.resume(path) == {"count": 3}
    assert seen == ["none"]


def test_a_run_on_processes_is_saved_and_goes_on_on_threads(
    path: Path, servers: Callable[[str], Server]
) -> None:
    """Where it runs is no part of what it is."""

    @task(inject_context=True)
    def first(ctx: TaskExecutionContext) -> int:
        ctx.checkpoint(metadata={"pid": os.getpid()})
        return int(ctx.get_channel().atomic_add("firsts"))

    @task(inject_context=True)
    def second(ctx: TaskExecutionContext, parent: int = os.getpid()) -> int:
        if os.getpid() != parent:
            raise ValueError("not here")
        return ctx.get_result(first) + 1

    with RedisChannel("run", url=f"unix://{servers('valkey-9').socket}") as channel:
        channel.clear()
        with workflow("w", channel=channel) as wf:
            first >> second
        with pytest.raises(TaskFailedError, match="not here"):
            wf.execute(executor=processes, checkpoint=path)
        saved = read_checkpoint(path)
        assert saved.finished == ("first",)
        assert saved.metadata["first"]["pid"] != os.getpid()
        assert wf.resume(path) == 2
        assert channel.get("firsts") == 1


@pytest.mark.parametrize("kills", [30, pytest.param(100, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("where", ["memory", "server"])
def test_a_run_that_is_killed_again_and_again_comes_to_the_same_end(
    where: str, kills: int, tmp_path: Path, servers: Callable[[str], Server]
) -> None:
    """At random moments; `killed_runs.py` says what is checked."""
    url = "memory" if where == "memory" else f"unix://{servers('valkey-9').socket}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.checkpoint.killed_runs", url, tmp_path, str(kills)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) >= kills


@pytest.mark.parametrize("how", ["program", "server"])
def test_a_run_on_an_embedded_server_goes_on_when_both_have_died(how: str, tmp_path: Path) -> None:
    """The server that is started anew has its socket elsewhere, and is the same by its data."""
    program = [sys.executable, "-m", "tests.core.checkpoint.embedded_run", str(tmp_path), how]
    killed, done = (
        subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert done.stdout == "[1, 2, 3, 3, 4, 5]\n", done.stderr
    assert read_checkpoint(tmp_path / "run.json").channel["server"] == (
        f"embedded://{tmp_path / 'data'}"
    )


def test_an_embedded_server_that_kept_nothing_is_another_one(path: Path) -> None:
    """The run is refused, and the message says how to have one that keeps its data."""
    with RedisChannel.embedded() as channel:
        Steps(channel).fail(path)
    refused = pytest.raises(CheckpointMismatchError, match=r"on embedded://.* kept nothing")
    with RedisChannel.embedded() as channel, refused:
        Steps(channel).workflow.resume(path)
