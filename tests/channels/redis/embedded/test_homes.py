"""Directories of embedded servers: what is refused, and whom they belong to."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest

from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelTypeError, ChannelValueError
from tests.channels.redis.embedded.users import is_gone, socket_of

ANOTHER = 54321
"""The id of a user who is not the one that runs the tests."""


def give_away(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a directory be another user's: only the superuser can change whose it is."""
    if os.geteuid():
        monkeypatch.setattr(os, "geteuid", lambda: ANOTHER)
    else:
        os.chown(directory, ANOTHER, -1)


def test_paths_that_can_not_be_are_refused(tmp_path: Path) -> None:
    """A file, a directory that holds something else, and what is no path of a directory."""
    file = tmp_path / "file"
    file.write_text("text")
    for path in (file, file / "below", tmp_path, "~nobody-of-this-name/data", "\0", ""):
        with pytest.raises(ChannelValueError, match=r"can't keep|something else|must be"):
            RedisChannel.embedded(path=path)
    bad: Any
    for bad in (3, b"data"):
        with pytest.raises(ChannelTypeError, match="path"):
            RedisChannel.embedded(path=bad)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_a_directory_that_others_can_write_to_is_refused(mode: int, home: Path) -> None:
    """With what to do; nothing is left in it, and after `chmod 700` it can be used."""
    home.mkdir()
    home.chmod(mode)
    with pytest.raises(ChannelValueError, match=f"chmod 700 {home}"):
        RedisChannel.embedded(path=home)
    assert list(home.iterdir()) == []
    home.chmod(0o700)
    RedisChannel.embedded(path=home).close()
    home.chmod(mode)
    with pytest.raises(ChannelValueError, match="others can write"):
        RedisChannel.embedded(path=home)


def test_a_directory_below_one_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    """They could rename it; not so where the sticky bit keeps them from it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "link").symlink_to(shared)
    shared.chmod(0o777)
    for path in (shared / "data", shared / "deep" / "data", tmp_path / "link" / "data"):
        with pytest.raises(ChannelValueError, match=f"chmod go-w {shared}"):
            RedisChannel.embedded(path=path)
    assert list(shared.iterdir()) == []
    for mode in (0o1777, 0o755):
        shared.chmod(mode)
        with RedisChannel.embedded(path=shared / "data") as channel:
            assert isinstance(channel.append("list", 1), int)


@pytest.mark.parametrize("which", ["the directory", "one above it"])
def test_a_directory_of_another_user_is_refused(
    which: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That user could put another one in its place, or change what is in it."""
    home.mkdir(mode=0o755)
    give_away(home, monkeypatch)
    with pytest.raises(ChannelValueError, match="of your own"):
        RedisChannel.embedded(path=home if which == "the directory" else home / "data")


def test_the_socket_is_where_nobody_else_can_put_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in a folder for temporary files that is everybody's without a sticky bit."""
    tmp_path.chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with RedisChannel.embedded() as channel:
        assert socket_of(channel).parent.parent == Path("/tmp").resolve()
    assert is_gone(socket_of(channel))
    assert list(tmp_path.iterdir()) == []


def test_files_are_for_their_user_alone(home: Path) -> None:
    """Also in a directory that others may look into."""
    home.mkdir(mode=0o755)
    with RedisChannel.embedded(path=home) as channel:
        channel.append("list", 1)
        for path in (*home.rglob("*"), socket_of(channel).parent):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_arguments_are_given_by_name() -> None:
    """The first one would be taken for the name, as elsewhere; the error says what to write."""
    with pytest.raises(TypeError, match=r"by name: write embedded\(path='orders'\)$") as caught:
        RedisChannel.embedded("orders")  # type: ignore[arg-type]
    assert isinstance(caught.value, ChannelTypeError)
    with pytest.raises(TypeError, match=r"write embedded\(path=None, name='orders'\)$"):
        RedisChannel.embedded(None, "orders", timeout=1)  # type: ignore[arg-type]
