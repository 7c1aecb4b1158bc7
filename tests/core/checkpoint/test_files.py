"""Checkpoints: what is in the file, when it is written, and who may write it."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graflow import MemoryChannel, RedisChannel, chain, parallel, read_checkpoint, task, workflow
from graflow.core.checkpoint import journal
from graflow.core.context import TaskExecutionContext
from graflow.exceptions import (
    ChannelTypeError,
    CheckpointDamagedError,
    CheckpointError,
    CheckpointInUseError,
    CheckpointMismatchError,
    CheckpointVersionError,
    TaskFailedError,
    WorkflowTypeError,
)
from tests.core.checkpointed import Steps, with_checksums
from tests.core.travelling import wait_for
from tests.paths import ROOT
from tests.patience import PATIENCE
from tests.programs import attended
from tests.servers import Server, run_server


def test_the_file_is_json_lines_that_say_what_happened(path: Path) -> None:
    """One line for the run, a snapshot, and a line for each task; as the documentation has it."""
    steps = Steps()
    steps.fail(path, initial_channel={"word": "x"})
    lines = [json.loads(line)["record"] for line in path.read_text().splitlines()]
    assert lines[0] == {
        "format": "graflow checkpoint",
        "version": 3,
        "workflow": "steps",
        "run_id": lines[0]["run_id"],
        "graph": lines[0]["graph"],
        "start": None,
        "channel": {"kind": "memory", "name": "steps", "server": ""},
    }
    assert lines[1] == {
        "finished": [],
        "cleared": True,
        "keys": [{"key": "word", "value": '"x"'}],
    }
    assert lines[2]["finished"] == ["first"]
    assert sorted(lines[2]["keys"], key=lambda key: str(key["key"])) == [
        {"key": "first.__result__", "value": '{"count":1}'},
        {"key": "list", "items": ['{"deep":{"$tuple":[1,2]}}']},
    ]
    assert len(lines) == 3


def test_a_line_that_was_not_written_to_its_end_is_left_out(path: Path) -> None:
    """Wherever it ends: the run then goes on from the line before."""
    steps = Steps()
    steps.fail(path)
    data = path.read_bytes()
    begin = data[:-1].rindex(b"\n") + 1
    for end in range(begin, len(data)):
        path.write_bytes(data[:end])
        assert read_checkpoint(path).finished == ()
    steps.workflow.resume(path)
    assert steps.ran == ["first", "second", "third"]


def test_any_other_damage_is_refused(path: Path) -> None:
    """A byte that changed, a line that is gone or stands twice, or a file that is too short."""
    steps = Steps()
    steps.fail(path)
    steps.fails = True
    with pytest.raises(TaskFailedError):
        steps.workflow.resume(path)
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    damaged = [b"", b"\n", b"null\n" * 3, data[: len(lines[0])], data[: len(lines[0]) + 10]]
    damaged += [b"".join(lines[:1] + lines[2:]), b"".join([*lines, lines[-1]])]
    for place in random.Random(1).sample(range(len(data) - 1), 200):
        damaged.append(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(CheckpointDamagedError, match=r"run\.json") as caught:
            steps.workflow.resume(path)
        assert caught.value.path == str(path)
        assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["run.json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["finished", "metadata", "digests", "cleared", "keys", "key", "dropped"]
                ),
                inner,
            )
        ),
    )
)
def test_a_file_of_a_stranger_is_read_or_refused(tmp_path: Path, record: object) -> None:
    """Whatever is in it, nothing else is raised."""
    path = tmp_path / "strange.json"
    channel = {"kind": "memory", "name": "x", "server": ""}
    header = {"format": "graflow checkpoint", "version": 3, "workflow": "w", "run_id": "1"}
    header |= {"graph": "x", "start": None, "channel": channel}
    for records in ([record, record], [header, record]):
        path.write_bytes(with_checksums(*records))
        with suppress(CheckpointDamagedError):
            read_checkpoint(path)


def test_changes_that_do_not_follow_from_each_other_are_damage(path: Path) -> None:
    """As more items dropped from a list than it had."""
    steps = Steps()
    steps.fail(path)
    header, *records = [json.loads(line)["record"] for line in path.read_text().splitlines()]
    for key in (
        {"key": "list", "dropped": 9, "head": [], "tail": []},
        {"key": "nowhere", "dropped": 0, "head": [], "tail": []},
        {"key": "first.__result__", "dropped": 0, "head": [], "tail": ["1"]},
    ):
        path.write_bytes(with_checksums(header, *records, {"finished": [], "keys": [key]}))
        with pytest.raises(CheckpointDamagedError):
            steps.workflow.resume(path)


def test_a_newer_version_is_refused(path: Path) -> None:
    """Whatever else it has in it; the message says what to do."""
    path.write_bytes(with_checksums({"version": 4, "new": True}, {"newer": 1}))
    with pytest.raises(CheckpointVersionError, match="newer"):
        Steps().workflow.resume(path)
    path.write_bytes(with_checksums({"version": 0}, {}))
    with pytest.raises(CheckpointDamagedError):
        Steps().workflow.resume(path)


def test_no_password_gets_into_the_file(path: Path) -> None:
    """The server's address is there, its user and password are not."""
    with (
        run_server("redis-6.2", "--requirepass", "secret") as server,
        RedisChannel("run", url=f"redis://default:secret@127.0.0.1:{server.port}/0") as channel,
    ):
        Steps(channel).fail(path)
    assert str(server.port) in path.read_text()
    assert "secret" not in path.read_text()


def test_tasks_can_say_something_for_the_record(path: Path) -> None:
    """Values as a channel takes them; what a failed attempt said does not count."""
    fails = [True]

    @task(inject_context=True)
    def talks(ctx: TaskExecutionContext) -> None:
        ctx.checkpoint(metadata={"first": 1})
        ctx.checkpoint(metadata={"rows": (1, 2), "at": None})

    @task(inject_context=True)
    def asks(ctx: TaskExecutionContext) -> None:
        ctx.checkpoint()

    @task(inject_context=True)
    def fails_once(ctx: TaskExecutionContext) -> None:
        if fails:
            ctx.checkpoint(metadata={"failed": True})
            raise ValueError(fails.pop())

    with workflow("w") as wf:
        talks >> asks >> fails_once
    with pytest.raises(TaskFailedError):
        wf.execute(checkpoint=path)
    assert read_checkpoint(path).metadata == {"talks": {"rows": (1, 2), "at": None}, "asks": {}}
    wf.resume(path)
    assert read_checkpoint(path).metadata == {"talks": {"rows": (1, 2), "at": None}, "asks": {}}
    context = TaskExecutionContext("alone")
    context.checkpoint(metadata={"no": "run"})
    bad: Any
    for bad in (3, {1: 2}, [("a", 1)]):
        with pytest.raises(WorkflowTypeError):
            context.checkpoint(metadata=bad)
    with pytest.raises(ChannelTypeError, match="object"):
        context.checkpoint(metadata={"what": object()})


def test_a_checkpoint_costs_what_has_changed(path: Path) -> None:
    """Beside a big channel, and at the end of a long list, it is a short line."""
    size: list[int] = []

    @task(inject_context=True)
    def append(ctx: TaskExecutionContext) -> None:
        size.append(path.stat().st_size)
        ctx.get_channel().append("long list", "x")

    with workflow("w") as wf:
        chain(*(append(task_id=f"append {n}") for n in range(50)))
    wf.execute(
        checkpoint=path,
        initial_channel={"big": "x" * 2_000_000, "long list": ["x" * 10] * 10_000},
    )
    assert size[0] > 2_000_000
    assert size[-1] - size[0] < 50 * 200


def test_the_file_does_not_grow_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When changes have become much more than the channel, a snapshot takes their place."""
    monkeypatch.setattr(journal, "_LEAST", 1_000)

    @task(inject_context=True)
    def change(ctx: TaskExecutionContext, number: int) -> int:
        ctx.get_channel().set("value", str(number) * 1_000)
        ctx.get_channel().append("list", number)
        return number

    with workflow("w") as wf:
        chain(*(change(task_id=f"change {n}", number=n) for n in range(100)))
    assert wf.execute(checkpoint=path) == 99
    assert path.stat().st_size < 40_000
    _, ctx = wf.resume(path, ret_context=True)
    assert ctx.get_channel().get("list") == list(range(100))
    assert ctx.get_channel().get("value") == "99" * 1_000
    assert [ctx.get_result(f"change {n}") for n in range(100)] == list(range(100))


def test_many_tasks_that_end_together_are_all_saved(path: Path) -> None:
    """Each before what follows it begins."""
    early: list[str] = []

    @task
    def work() -> None: ...

    @task(inject_context=True)
    def after(ctx: TaskExecutionContext) -> None:
        if len(read_checkpoint(path).finished) < 100:
            early.append(ctx.task_id)

    with workflow("w") as wf:
        parallel(*(work(task_id=f"work {n}") for n in range(100))) >> after
    wf.execute(checkpoint=path)
    assert early == []
    assert len(read_checkpoint(path).finished) == 101


def test_tasks_that_end_while_the_disk_is_busy_are_saved_together(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread waits for its own task to be saved, and for no other."""
    flushed: list[int] = []

    def flush(number: int) -> None:
        flushed.append(number)
        time.sleep(0.001)  # what a disk takes

    monkeypatch.setattr(os, "fsync", flush)
    with workflow("w") as wf:
        parallel(*(task(str(number))(lambda: None) for number in range(1_000)))
    wf.execute(checkpoint=path)
    assert len(read_checkpoint(path).finished) == 1_000
    assert len(flushed) < 250


def test_a_checkpoint_that_can_not_be_written_ends_the_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once where its folder is missing; later with the reason, and nothing new starts."""
    steps = Steps()
    with pytest.raises(FileNotFoundError):
        steps.workflow.execute(checkpoint=path / "nowhere")
    with pytest.raises(FileNotFoundError):
        steps.workflow.resume(path)
    bad: Any = 3
    with pytest.raises(WorkflowTypeError, match="path"):
        steps.workflow.execute(checkpoint=bad)
    assert steps.ran == []
    full = Path("/dev/full")
    journal_file: list[Any] = []

    @task
    def fill() -> None:
        descriptor = os.open(full, os.O_WRONLY)
        os.dup2(descriptor, journal_file[0].fileno())
        os.close(descriptor)

    with workflow("w") as wf:
        fill >> task("never")(lambda: steps.ran.append("never"))
    enter = journal.Journal.__enter__

    def entered(self: journal.Journal) -> journal.Journal:
        enter(self)
        journal_file.append(self._file)
        return self

    monkeypatch.setattr(journal.Journal, "__enter__", entered)
    with pytest.raises(OSError, match="No space left"):
        wf.execute(checkpoint=path)
    assert steps.ran == []


@pytest.mark.parametrize("use", ["execute", "resume"])
def test_a_snapshot_that_does_not_fit_leaves_the_file_before(use: str, path: Path) -> None:
    """Nothing has run then, and nothing lies about that would keep the disk full."""
    steps = Steps()
    steps.fail(path, initial_channel={"big": "x" * 200_000})
    saved = path.read_bytes()
    run: dict[str, Callable[[], object]] = {
        "execute": lambda: steps.workflow.execute(
            checkpoint=path, initial_channel={"big": "x" * 200_000}
        ),
        "resume": lambda: steps.workflow.resume(path),
    }
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # bytes in a file
    try:
        with pytest.raises(OSError, match="too large"):
            run[use]()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert steps.ran == []
    assert path.read_bytes() == saved
    assert [entry.name for entry in path.parent.iterdir()] == ["run.json"]
    assert steps.workflow.resume(path) == {"count": 3}


def test_a_channel_can_be_saved_by_two_runs_at_once(tmp_path: Path) -> None:
    """Each has all that it holds."""
    channel = MemoryChannel()
    met = threading.Barrier(2, timeout=PATIENCE)
    names = ("a", "b")

    def run(name: str) -> None:
        @task(inject_context=True)
        def work(ctx: TaskExecutionContext) -> None:
            ctx.get_channel().set(name, 1)
            met.wait()

        with workflow(name, channel=channel) as wf:
            work(task_id=name)
        wf.execute(checkpoint=tmp_path / name)

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in names:
        assert {"a", "b"} <= read_checkpoint(tmp_path / name).contents.keys()


def test_one_run_at_a_time_saves_to_a_file(path: Path) -> None:
    """Another one of this process is refused, by whatever name; the first one goes on."""
    other = Steps()
    link = path.with_name("link.json")
    link.symlink_to(path)
    tried: list[str] = []

    @task
    def work() -> None:
        saved = path.read_bytes()
        for use in (other.workflow.resume, lambda name: other.workflow.execute(checkpoint=name)):
            for name in (path, str(link)):
                with pytest.raises(CheckpointInUseError, match="another run") as caught:
                    use(name)
                tried.append(caught.value.path)
        assert path.read_bytes() == saved

    with workflow("w") as wf:
        chain(work)
    wf.execute(checkpoint=path)
    assert tried == [str(path), str(link)] * 2
    assert other.ran == []
    assert read_checkpoint(path).finished == ("work",)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["link.json", "run.json"]
    other.fail(path)
    assert other.workflow.resume(path) == {"count": 3}


def test_another_process_is_refused_until_the_first_has_died(
    path: Path, servers: Callable[[str], Server]
) -> None:
    """However it died."""
    steps = Steps()
    url = f"unix://{servers('valkey-9').socket}"
    program = [sys.executable, "-m", "tests.core.interrupted_run", url, "threads", str(path)]
    started = subprocess.Popen([*program, "in use"], cwd=ROOT, stderr=subprocess.DEVNULL)
    with attended(started) as process, RedisChannel("in use", url=url) as channel:
        wait_for(lambda: channel.exists("began"))
        with pytest.raises(CheckpointInUseError):
            steps.workflow.resume(path)
        with pytest.raises(CheckpointInUseError):
            steps.workflow.execute(checkpoint=path)
        process.kill()
    with pytest.raises(CheckpointMismatchError):
        steps.workflow.resume(path)
    steps.fail(path)
    assert read_checkpoint(path).workflow == "steps"


def test_errors_of_checkpoints_have_one_root() -> None:
    """So that one `except` is enough."""
    for kind in (CheckpointDamagedError, CheckpointMismatchError, CheckpointVersionError):
        assert issubclass(kind, CheckpointError)
        assert issubclass(kind, ValueError)
    assert issubclass(CheckpointInUseError, CheckpointError)
    assert issubclass(CheckpointInUseError, BlockingIOError)
