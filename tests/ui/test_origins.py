"""What a page shows: the channels at a URL, or those of a program; and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graflow import (
    ChannelFactory,
    ChannelNotFoundError,
    ChannelTypeError,
    ChannelValueError,
    MemoryChannel,
    SQLiteChannel,
)
from graflow.channels.base import Channel
from graflow.ui import ServedPage, serve
from tests.servers import Server
from tests.ui.reader import ODD, Reader


@pytest.mark.parametrize("kind", ["sqlite", "valkey-9"])
def test_a_url_shows_all_channels_there(
    kind: str, tmp_path: Path, servers: Callable[[str], Server], read: Callable[..., Reader]
) -> None:
    """In order, and those that come later, each with what it holds."""
    url = f"sqlite:///{tmp_path}/state.db" if kind == "sqlite" else servers(kind).url
    with ChannelFactory.from_url(url, "b") as first, first.beside("a") as second:
        first.set("x", 1)
        second.set("y", 2)
        reader = read(url)
        assert {"a", "b"} <= {*reader.ask("channels")["channels"]}
        assert reader.ask("channels")["channels"] == sorted(reader.ask("channels")["channels"])
        assert [row["key"] for row in reader.ask("keys", channel="a")["keys"]] == ["y"]
        assert reader.ask("value", channel="b", key="x")["text"] == "1"
        first.destroy()
        second.destroy()


def test_a_password_is_never_shown(read: Callable[..., Reader]) -> None:
    """Not as the place, and not in an error."""
    reader = read("redis://me:s3cret@127.0.0.1:1/0?socket_connect_timeout=0.1")
    status, error = reader.refused("channels")
    assert status == 503
    about = reader.get("/api/about").body.decode()
    assert "127.0.0.1:1" in about
    assert "s3cret" not in about + error


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """A file that is not there is said to be missing, and stays so."""
    with pytest.raises(ChannelNotFoundError):
        serve(f"sqlite:///{tmp_path}/no.db")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("http://127.0.0.1", ChannelValueError),
        ("memory://", ChannelValueError),
        ([], ChannelValueError),
        ([MemoryChannel("a"), MemoryChannel("a")], ChannelValueError),
        ([MemoryChannel("a"), "b"], ChannelTypeError),
        (7, ChannelTypeError),
    ],
)
def test_what_is_no_source_is_refused(source: Any, error: type[Exception]) -> None:
    """Before anything is served."""
    with pytest.raises(error):
        serve(source)


def test_a_channel_can_stand_for_all_beside_it(tmp_path: Path, read: Callable[..., Reader]) -> None:
    """By itself it shows itself alone."""
    with SQLiteChannel("a", tmp_path / "state.db") as channel, channel.beside("b") as other:
        channel.set("x", 1)
        other.set("x", 2)
        assert read(channel).ask("channels") == {"channels": ["a"]}
        assert read(channel, beside=True).ask("channels") == {"channels": ["a", "b"]}
        channel.set("x", 3)  # it was not closed
    with pytest.raises(ChannelValueError, match="memory"):
        serve(MemoryChannel("a"), beside=True)
    with pytest.raises(ChannelTypeError):
        serve([], beside=True)


def test_channels_of_a_program_can_be_shown(read: Callable[..., Reader]) -> None:
    """Also those in its memory, side by side; and no others."""
    reader = read([MemoryChannel("b"), MemoryChannel("a")])
    assert reader.ask("about")["label"] == "memory"
    assert reader.ask("channels") == {"channels": ["a", "b"]}
    assert reader.refused("keys", channel="c") == (404, "There is no such channel.")


@pytest.mark.parametrize("name", ODD[:-2])
def test_any_name_of_a_channel_will_do(name: str, read: Callable[..., Reader]) -> None:
    """It is text, and nothing else."""
    channel = MemoryChannel(name)
    channel.set("a", 1)
    reader = read(channel)
    assert reader.ask("channels") == {"channels": [name]}
    assert reader.ask("value", channel=name, key="a")["text"] == "1"


def test_an_error_of_ours_is_told_and_logged(
    orders: Channel, open_page: Callable[..., ServedPage], caplog: pytest.LogCaptureFixture
) -> None:
    """The reader learns that there was one, and the page goes on."""

    class Broken(MemoryChannel):
        def iter_keys(self, prefix: str = "") -> Iterator[str]:
            raise ZeroDivisionError("s3cret")

    reader = Reader(open_page([orders, Broken("broken")]))
    assert reader.refused("keys", channel="broken") == (
        500,
        "graflow has an error (ZeroDivisionError).",
    )
    assert "ZeroDivisionError: s3cret" in caplog.text
    assert reader.ask("keys", channel="orders")["total"] == 0


def test_a_file_is_shown_while_others_write(tmp_path: Path, read: Callable[..., Reader]) -> None:
    """A handle of another process, or one here, is not in the way."""
    with SQLiteChannel("orders", tmp_path / "state.db") as channel:
        channel.set("a", 1)
        reader = read(f"sqlite:///{tmp_path}/state.db")
        assert reader.ask("value", channel="orders", key="a")["text"] == "1"
        channel.set("a", 2)
        assert reader.ask("value", channel="orders", key="a")["text"] == "2"
