"""Files of checkpoints: which path can be one, who may read it, and who may write it."""

from __future__ import annotations

import copy
import errno
import os
import pickle
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graflow import parallel, read_checkpoint, task, workflow
from graflow.core.checkpoint import journal
from graflow.exceptions import (
    CheckpointError,
    CheckpointFileError,
    CheckpointInUseError,
    CheckpointIsADirectoryError,
    CheckpointNotFoundError,
    CheckpointPermissionError,
    WorkflowTypeError,
    WorkflowValueError,
)
from tests.core.checkpointed import Steps
from tests.paths import ROOT

Use = Callable[[Any], object]

# Tries to save to a file, and says how that ended.
ANOTHER = """
import sys
from graflow import task, workflow
from graflow.exceptions import CheckpointInUseError

with workflow("another") as wf:
    wf.add(task("work")(lambda: None))
try:
    wf.execute(checkpoint=sys.argv[1])
except CheckpointInUseError:
    print("refused")
"""


# Saves to a file twice, and forks a child at the first time, which ends after the second.
FORK = """
import os, sys
from graflow import task, workflow

reading, writing = os.pipe()

@task
def fork():
    if not os.fork():
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)

with workflow("w") as wf:
    wf.add(fork)
wf.execute(checkpoint=sys.argv[1])
again = workflow("again")
again.add(task("work")(lambda: None))
again.execute(checkpoint=sys.argv[1])
print("saved twice", flush=True)
os.close(writing)
os.wait()
"""


def uses(steps: Steps) -> list[Use]:
    """Return all that takes the path of a checkpoint."""
    return [
        lambda path: steps.workflow.execute(checkpoint=path),
        steps.workflow.resume,
        read_checkpoint,
    ]


def mode_of(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_no_path_of_a_file_is_refused(tmp_path: Path) -> None:
    """As an argument that can't be taken; nothing has run."""
    steps = Steps()
    bad: Any
    for use in uses(steps):
        for bad in ("", "\0", f"{tmp_path}/a\0b", "\ud800"):
            with pytest.raises(WorkflowValueError, match="path of a file"):
                use(bad)
        for bad in (3, b"run.json", ["run.json"]):
            with pytest.raises(WorkflowTypeError, match="path"):
                use(bad)
    bad = None
    with pytest.raises(WorkflowTypeError, match="path"):
        steps.workflow.resume(bad)
    assert steps.ran == []


def test_what_the_system_says_of_a_path_is_an_error_of_graflow(tmp_path: Path) -> None:
    """It is also the built-in error that says so, with its number; nothing has run."""
    steps = Steps()
    fifo, file, loop = tmp_path / "fifo", tmp_path / "file", tmp_path / "loop"
    os.mkfifo(fifo)
    file.touch()
    loop.symlink_to(loop)
    cases: list[tuple[Path | str, type[CheckpointFileError], type[OSError], int]] = [
        (tmp_path / "no" / "run.json", CheckpointNotFoundError, FileNotFoundError, errno.ENOENT),
        (tmp_path, CheckpointIsADirectoryError, IsADirectoryError, errno.EISDIR),
        (f"{tmp_path}/", CheckpointIsADirectoryError, IsADirectoryError, errno.EISDIR),
        (fifo, CheckpointFileError, OSError, errno.EINVAL),
        (file / "run.json", CheckpointFileError, NotADirectoryError, errno.ENOTDIR),
        (loop, CheckpointFileError, OSError, errno.ELOOP),
        (tmp_path / ("x" * 300), CheckpointFileError, OSError, errno.ENAMETOOLONG),
    ]
    before = sorted(tmp_path.iterdir())
    for use in uses(steps):
        for path, kind, builtin, number in cases:
            with pytest.raises(kind) as caught:
                use(path)
            if builtin is not NotADirectoryError:
                assert isinstance(caught.value, builtin)
            assert caught.value.errno == number
            assert caught.value.path == caught.value.filename == os.fspath(path)
            assert os.fspath(path) in str(caught.value)
    assert steps.ran == []
    assert sorted(tmp_path.iterdir()) == before


def test_a_missing_file_is_told_from_a_missing_folder(path: Path) -> None:
    """So that it is clear what to do."""
    with pytest.raises(FileNotFoundError, match="the file does not exist"):
        Steps().workflow.resume(path)
    with pytest.raises(FileNotFoundError, match=f"the folder {path.parent}/no does not exist"):
        Steps().workflow.resume(path.parent / "no" / "run.json")


def test_a_file_that_may_not_be_written_is_not_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mode says so, though the folder would let it be replaced."""
    steps = Steps()
    steps.fail(path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the superuser always may
    for use in uses(steps)[:2]:
        with pytest.raises(CheckpointPermissionError, match="read-only") as caught:
            use(path)
        assert isinstance(caught.value, PermissionError)
    assert read_checkpoint(path).finished == ("first",)


def test_such_errors_can_be_pickled_and_copied(tmp_path: Path) -> None:
    """With all that they say."""
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(tmp_path)
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert type(again) is CheckpointIsADirectoryError
        assert str(again) == str(caught.value)
        assert (again.errno, again.filename) == (errno.EISDIR, str(tmp_path))
        assert again.path == str(tmp_path)


def test_a_new_file_is_for_its_user_alone(path: Path) -> None:
    """Whatever the umask, while it is written and afterwards; so is the lock beside it."""
    modes: list[int] = []

    @task
    def look() -> None:
        modes.extend(mode_of(entry) for entry in path.parent.iterdir())

    with workflow("w") as wf:
        parallel(look(task_id="a"), look(task_id="b"))
    before = os.umask(0)
    try:
        wf.execute(checkpoint=path)
    finally:
        os.umask(before)
    assert modes == [0o600] * 4
    assert mode_of(path) == 0o600


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_mode_of_a_file_is_kept(mode: int, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `execute`, by `resume`, and by the snapshots that are written on the way."""
    monkeypatch.setattr(journal, "_LEAST", -1_000_000)  # bytes: each task ends with a snapshot
    path.touch()
    path.chmod(mode)
    steps = Steps()
    steps.fail(path)
    assert mode_of(path) == mode
    steps.workflow.resume(path)
    assert mode_of(path) == mode


def test_a_file_of_another_user_stays_theirs_or_becomes_private(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The superuser can give it back; else its mode would let a group in that is another one."""
    path.touch()
    path.chmod(0o640)
    is_superuser = not os.geteuid()  # nobody else can make a file that is another user's
    if is_superuser:
        os.chown(path, 54321, 54322)
    before = path.stat()
    Steps().fail(path)
    after = path.stat()
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert mode_of(path) == 0o640

    def may_not(file: int, user: int, group: int) -> None:
        raise PermissionError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "fchown", may_not)
    Steps().fail(path)
    assert mode_of(path) == (0o600 if is_superuser else 0o640)


@pytest.mark.parametrize("how", ["copytree", "zip", "read"])
def test_a_run_keeps_its_file_whatever_its_tasks_do_with_the_folder(how: str, path: Path) -> None:
    """To open and close what is in it, as packing it does, lets no other run in."""
    said: list[str] = []

    @task
    def pack() -> None:
        folder, into = path.parent, path.parent.parent / "packed"
        if how == "copytree":
            shutil.copytree(folder, into)
        elif how == "zip":
            shutil.make_archive(str(into), "zip", folder)
        else:
            assert sum(len(entry.read_bytes()) for entry in folder.iterdir())
        program = [sys.executable, "-c", ANOTHER, str(path)]
        said.append(subprocess.check_output(program, cwd=ROOT, text=True))
        with pytest.raises(CheckpointInUseError):
            Steps().workflow.execute(checkpoint=path)

    with workflow("w") as wf:
        wf.add(pack)
    wf.execute(checkpoint=path)
    assert said == ["refused\n"]
    assert read_checkpoint(path).workflow == "w"


def test_a_fork_of_a_run_does_not_keep_its_file(path: Path) -> None:
    """It has inherited the open files of its parent, and goes on when that is done."""
    program = [sys.executable, "-c", FORK, str(path)]
    assert subprocess.check_output(program, cwd=ROOT, text=True) == "saved twice\n"


def test_links_beside_the_file_are_not_followed(path: Path) -> None:
    """Neither that with the name of the new file, nor that of the lock."""
    victim = path.with_name("victim")
    victim.write_text("precious")
    new, lock = path.with_name("run.json.new"), path.with_name("run.json.lock")
    new.symlink_to(victim)
    steps = Steps()
    steps.fail(path)
    assert not new.is_symlink()
    assert read_checkpoint(path).finished == ("first",)
    lock.symlink_to(victim)
    with pytest.raises(CheckpointFileError):
        steps.workflow.resume(path)
    assert lock.is_symlink()
    assert victim.read_text() == "precious"
    assert steps.ran == []


def test_a_link_leads_to_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays a link, and what it leads to is written, made if it was not there."""
    monkeypatch.setattr(journal, "_LEAST", -1_000_000)  # bytes: each task ends with a snapshot
    folder = tmp_path / "folder"
    folder.mkdir()
    link = tmp_path / "link.json"
    link.symlink_to("folder/run.json")
    steps = Steps()
    steps.fail(link)
    assert read_checkpoint(folder / "run.json").finished == ("first",)
    assert steps.workflow.resume(link) == {"count": 3}
    assert read_checkpoint(folder / "run.json").finished == ("first", "second", "third")
    assert link.readlink() == Path("folder/run.json")
    assert [entry.name for entry in folder.iterdir()] == ["run.json"]


def test_a_relative_path_is_that_of_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that changes the working directory does not take the checkpoint along."""
    monkeypatch.setattr(journal, "_LEAST", -1_000_000)  # bytes: each task ends with a snapshot
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with workflow("w") as wf:
        task("go")(lambda: os.chdir(elsewhere)) >> task("stay")(lambda: None)
    wf.execute(checkpoint="run.json")
    assert read_checkpoint(tmp_path / "run.json").finished == ("go", "stay")
    assert list(elsewhere.iterdir()) == []
