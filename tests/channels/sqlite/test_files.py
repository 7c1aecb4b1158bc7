"""Files that can't be used: each says why, and none of them is changed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from graflow import SQLiteChannel
from graflow.channels.backend import KEEP, Push, Put
from graflow.channels.sqlite import database, layout, sqlite_backend
from graflow.exceptions import (
    ChannelDataError,
    ChannelError,
    ChannelTypeError,
    ChannelUnavailableError,
    ChannelValueError,
    OutcomeUnknownError,
)
from tests.paths import ROOT


@pytest.fixture(autouse=True)
def _look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look whether the file is there for every operation, and not only now and then."""
    monkeypatch.setattr(database, "_LOOK", 0)


@contextmanager
def refused(kind: type[ChannelError], *words: str) -> Iterator[None]:
    """Expect an error that names the channel, and says some words."""
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.channel == "notes"
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    ["", ":memory:", "a\0b", b"bytes", None, 5],
    ids=["empty", "in memory", "NUL", "bytes", "None", "int"],
)
def test_a_path_has_to_name_a_file(bad: Any) -> None:
    """Nothing else is taken for one."""
    kind = ChannelValueError if isinstance(bad, str) else ChannelTypeError
    with pytest.raises(kind, match="path must"):
        SQLiteChannel("notes", bad)


def test_other_arguments_are_checked(path: Path) -> None:
    """When the handle is made."""
    wrong: Any = 1
    with pytest.raises(ChannelTypeError, match="durable must be a bool, not int"):
        SQLiteChannel("notes", path, durable=wrong)
    with pytest.raises(ChannelValueError, match="timeout"):
        SQLiteChannel("notes", path, timeout=0)
    with pytest.raises(ChannelValueError):
        SQLiteChannel("", path)
    assert not path.exists()


def test_a_handle_opens_nothing_until_it_is_used(path: Path) -> None:
    """Not even the file."""
    with SQLiteChannel("notes", path) as channel:
        assert not path.exists()
        assert channel.get("key") is None
        assert path.exists()


def test_a_closed_handle_is_of_no_use(path: Path) -> None:
    """Others on the same file stay open."""
    with SQLiteChannel("notes", path) as other:
        with SQLiteChannel("notes", path) as channel:
            channel.set("key", 1)
        for use in (lambda: channel.get("key"), lambda: channel.append("list", 1)):
            with refused(ChannelUnavailableError, "this handle on the channel is closed"):
                use()
        assert other.get("key") == 1
        assert repr(channel) == f"SQLiteChannel('notes', {str(path)!r})"


def test_the_last_handle_leaves_a_single_file(path: Path) -> None:
    """SQLite's log goes back into it."""
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
        assert len(list(path.parent.iterdir())) == 3
    assert list(path.parent.iterdir()) == [path]


def test_text_is_no_database(path: Path) -> None:
    """Nor is it overwritten."""
    path.write_text("shopping list\n" * 100)
    before = path.read_bytes()
    with refused(ChannelDataError, str(path), "not an SQLite database", "left as it is"):
        SQLiteChannel("notes", path).set("key", 1)
    assert path.read_bytes() == before


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_database_of_another_program_is_left_alone(path: Path, journal: str) -> None:
    """Whatever it contains."""
    with closing(sqlite3.connect(path, isolation_level=None)) as theirs:
        theirs.execute(f"PRAGMA journal_mode = {journal}")
        theirs.execute("CREATE TABLE entries (channel, key, data, expires)")
    before = path.read_bytes()
    with refused(ChannelValueError, str(path), "of another program", "name another file"):
        SQLiteChannel("notes", path).set("key", 1)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("pragma", ["user_version = 7", "application_id = 7"])
def test_a_database_without_tables_may_be_of_another_program_too(path: Path, pragma: str) -> None:
    """Then it says so in its header."""
    with closing(sqlite3.connect(path, isolation_level=None)) as theirs:
        theirs.execute(f"PRAGMA {pragma}")
    with refused(ChannelValueError, "of another program"):
        SQLiteChannel("notes", path).set("key", 1)


def test_an_empty_file_becomes_ours(path: Path) -> None:
    """As `mktemp` makes one."""
    path.touch()
    SQLiteChannel("notes", path).set("key", 1)
    assert SQLiteChannel("notes", path).get("key") == 1


def test_a_later_layout_is_refused(path: Path) -> None:
    """It may mean anything."""
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as later:
        later.execute("PRAGMA user_version = 99")
    with refused(ChannelDataError, "a later version of graflow", "99", "upgrade graflow"):
        SQLiteChannel("notes", path).get("key")


def test_an_older_layout_is_changed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one transaction, and what is stored stays."""
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", [1, 2])
        channel.append("key", 3)
    later = "CREATE TABLE later (a);\nINSERT INTO later VALUES (1);"
    monkeypatch.setattr(layout, "LAYOUTS", [*layout.LAYOUTS, later])
    with SQLiteChannel("notes", path) as channel, SQLiteChannel("other", path) as other:
        assert channel.get("key") == [1, 2, 3]
        other.set("key", 1)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (1,)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(layout.LAYOUTS),)


def test_a_change_of_the_layout_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt finds what was there before."""
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
    monkeypatch.setattr(layout, "LAYOUTS", [*layout.LAYOUTS, "CREATE TABLE a (b);\nNONSENSE;"])
    with refused(ChannelError, "NONSENSE"):
        SQLiteChannel("notes", path).get("key")
    monkeypatch.undo()
    assert SQLiteChannel("notes", path).get("key") == 1


@pytest.mark.parametrize("use", ["get", "set", "append", "keys"])
def test_a_damaged_file_is_told(path: Path, use: str) -> None:
    """With what to do."""
    with SQLiteChannel("notes", path) as channel:
        channel.set_many({f"key {number}": "x" * 500 for number in range(200)})
    size = path.stat().st_size
    with path.open("r+b") as file:
        for offset in range(4096, size, 4096):
            file.seek(offset)
            file.write(b"\xff" * 2000)
    calls: dict[str, Any] = {
        "get": lambda channel: channel.get("key 7"),
        "set": lambda channel: channel.set("key 7", 1),
        "append": lambda channel: channel.append("key 7", 1),
        "keys": lambda channel: channel.keys(),
    }
    with (
        SQLiteChannel("notes", path) as channel,
        refused(ChannelDataError, str(path), "damaged", ".recover"),
    ):
        calls[use](channel)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A file in it would be."""
    with refused(ChannelValueError, "is a folder", "name a file in it"):
        SQLiteChannel("notes", tmp_path).set("key", 1)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """It is not made, as it may be misspelt."""
    with refused(ChannelUnavailableError, f"there is no folder {tmp_path / 'missing'}"):
        SQLiteChannel("notes", tmp_path / "missing" / "channels.db").set("key", 1)


@pytest.mark.parametrize("use", ["get", "set", "append", "lock"])
def test_a_file_that_vanishes_is_missed(path: Path, use: str) -> None:
    """Nothing is stored where nobody finds it; a new handle begins anew."""
    calls: dict[str, Any] = {
        "get": lambda channel: channel.get("key"),
        "set": lambda channel: channel.set("key", 1),
        "append": lambda channel: channel.append("list", 1),
        "lock": lambda channel: channel.lock("key").acquire(),
    }
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
        for file in path.parent.iterdir():
            file.unlink()
        with refused(ChannelUnavailableError, str(path), "is gone"):
            calls[use](channel)
    with SQLiteChannel("notes", path) as channel:
        assert channel.get("key") is None


def test_a_folder_that_vanishes_is_missed(tmp_path: Path) -> None:
    """It has taken the file along; when it comes back, all is well."""
    folder = tmp_path / "data"
    folder.mkdir()
    with SQLiteChannel("notes", folder / "channels.db") as channel:
        channel.set("key", 1)
        folder.rename(tmp_path / "moved")
        with refused(ChannelUnavailableError, "is gone"):
            channel.set("key", 2)
        (tmp_path / "moved").rename(folder)
        assert channel.get("key") == 1
        channel.set("key", 3)
        assert channel.get("key") == 3


def test_another_file_in_its_place_is_used(path: Path, tmp_path: Path) -> None:
    """As when a copy is brought back."""
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", "old")
        with SQLiteChannel("notes", tmp_path / "copy.db") as copy:
            copy.set("key", "copy")
        (tmp_path / "copy.db").replace(path)
        for log in tmp_path.glob("channels.db-*"):
            log.unlink()
        assert channel.get("key") == "copy"


UNPRIVILEGED = """
import os, sys
from graflow import SQLiteChannel
from graflow.channels.sqlite import database
from graflow.exceptions import ChannelPermissionError
database._LOOK = 0
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
channel = SQLiteChannel("notes", sys.argv[1])
for use in (lambda: channel.set("key", 2), lambda: channel.append("list", 1)):
    if sys.argv[2:]:
        channel.set("key", 1)
        os.chmod(sys.argv[2], 0)
    try:
        use()
    except ChannelPermissionError as error:
        assert "right" in str(error) and sys.argv[1] in str(error), error
        assert isinstance(error, PermissionError)
    else:
        raise SystemExit("it was not refused")
    if sys.argv[2:]:
        os.chmod(sys.argv[2], 0o777)
print("refused")
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter.

    It is not among pytest's, whose folders each run of pytest closes to others again, such as one
    that a test beside this one starts.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.parametrize("what", ["file", "folder", "new file", "unreadable file", "way"])
def test_what_may_not_be_written_to_is_told(what: str, open_folder: Path) -> None:
    """And which right is missing; `root` may write anywhere, so this is tried as somebody else."""
    above = open_folder / "above"
    folder = above / "data"
    folder.mkdir(parents=True)
    path = folder / "channels.db"
    if what != "new file":
        with SQLiteChannel("notes", path) as channel:
            channel.set("key", 1)
        if what in ("file", "folder", "unreadable file"):
            path.chmod({"file": 0o444, "folder": 0o666, "unreadable file": 0o000}[what])
    folder.chmod(0o555 if what in ("folder", "new file") else 0o777)
    above.chmod(0o700 if what == "way" else 0o755)
    try:
        _try_unprivileged(path)
    finally:
        above.chmod(0o755)
        folder.chmod(0o755)
    if what != "new file":
        path.chmod(0o644)
        assert SQLiteChannel("notes", path).get("key") == 1


def test_a_way_that_is_closed_while_the_file_is_open_is_told(open_folder: Path) -> None:
    """The file is not gone."""
    folder = open_folder / "data"
    folder.mkdir()
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
    _try_unprivileged(folder / "channels.db", folder)


def _try_unprivileged(path: Path, *closes: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, path, *closes],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "refused\n", done.stderr


def test_a_symbolic_link_is_the_file_that_it_names(path: Path, tmp_path: Path) -> None:
    """Both are one file, with one log."""
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with SQLiteChannel("notes", link) as one, SQLiteChannel("notes", path) as other:
        one.set("key", 1)
        assert other.get("key") == 1
        assert one.backend.server == other.backend.server


def test_a_relative_path_stays_where_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may go elsewhere."""
    monkeypatch.chdir(path.parent)
    channel = SQLiteChannel("notes", path.name)
    monkeypatch.chdir(os.sep)
    channel.set("key", 1)
    assert path.exists()


def test_odd_characters_in_a_path_are_part_of_it(tmp_path: Path) -> None:
    """They are neither escapes nor a URI."""
    for name in ("a?mode=ro", "file:b", "c%20d", "é#", "new\nline"):
        with SQLiteChannel("notes", tmp_path / name) as channel:
            channel.set("key", name)
        assert (tmp_path / name).exists()
        assert SQLiteChannel("notes", tmp_path / name).get("key") == name


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_refused(kind: str, tmp_path: Path) -> None:
    """Before anything is read from it."""
    path = Path(os.devnull)
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    with refused(ChannelValueError, str(path), "pipe or a device"):
        SQLiteChannel("notes", path).set("key", 1)


def test_a_file_with_two_names_is_refused(path: Path, tmp_path: Path) -> None:
    """SQLite would keep a log for each of them."""
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
    (tmp_path / "other.db").hardlink_to(path)
    for name in (path, tmp_path / "other.db"):
        with refused(ChannelValueError, str(name), "2 names (hard links)", "copy the file"):
            SQLiteChannel("notes", name).get("key")
    (tmp_path / "other.db").unlink()
    assert SQLiteChannel("notes", path).get("key") == 1


def test_an_impossible_name_is_refused(tmp_path: Path) -> None:
    """One that is too long for its log, a link to itself, and one that no file can have."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (tmp_path / ("x" * 253), loop):
        with refused(ChannelValueError, str(path), "name another file"):
            SQLiteChannel("notes", path).set("key", 1)
    with pytest.raises(ChannelValueError, match="no file can be called"):
        SQLiteChannel("notes", str(tmp_path / "\ud800"))


def test_a_value_that_python_can_not_even_hand_over_is_refused(path: Path) -> None:
    """It has more than 2 GiB, and takes no memory until somebody looks at it."""
    large = bytes(1 << 31)
    with SQLiteChannel("notes", path) as channel:
        for change in (Put("key", large, None), Push("key", large, KEEP, at_head=False)):
            with refused(ChannelValueError, "1,000,000,000 bytes", "nothing was stored"):
                channel.backend.apply(change)
        channel.set("other", 1)
        with refused(ChannelValueError, "1,000,000,000 bytes", "nothing was stored"):
            channel.backend.put("key", large, None)
        assert channel.keys() == ["other"]


def test_the_log_comes_back_that_another_program_has_turned_off(path: Path) -> None:
    """Readers would wait for writers without it."""
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
    with SQLiteChannel("notes", path) as channel, closing(sqlite3.connect(path)) as other:
        assert channel.get("key") == 1
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


class FailingDisk:
    """A connection to a file whose disk fails when it is told to keep something."""

    def execute(self, *_: object) -> None:
        """Fail as SQLite does."""
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    def close(self) -> None:
        """Do nothing."""


def test_a_disk_that_fails_in_the_last_step_leaves_it_open(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single statement is a transaction too: nobody knows whether the value is stored."""
    monkeypatch.setattr(database, "_LOOK", 1_000_000)
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
        opened: list[Any] = channel.backend._database._open
        connection = opened.pop()
        opened.append(FailingDisk())
        with refused(OutcomeUnknownError, "may or may not be there"):
            channel.set("key", 2)
        connection.close()
        assert channel.get("key") == 1


def test_a_clock_that_is_set_back_hides_no_loss(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the file is there is looked at as often as before."""
    monkeypatch.setattr(database, "_LOOK", 100)
    with SQLiteChannel("notes", path) as channel:
        channel.set("key", 1)
        for file in path.parent.iterdir():
            file.unlink()
        for module, name in ((database, "milliseconds_since_1970"), (sqlite_backend, "now")):
            monkeypatch.setattr(module, name, lambda: int(time.time() * 1000) - 3_600_000)
        for use in (lambda: channel.get("key"), lambda: channel.set("key", 2)):
            with refused(ChannelUnavailableError, "is gone"):
                use()


def test_a_database_that_is_forgotten_meanwhile_is_replaced(path: Path) -> None:
    """Another thread may have closed the one that it had put there."""
    known = database._Databases()
    old = database.Database(str(path), durable=True)
    new = database.Database(str(path), durable=True)
    assert known.enter(new, old) is new
    assert known.enter(old, None) is new
    assert known.enter(old, new) is old
