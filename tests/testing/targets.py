"""Factories for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path

from graflow.channels.base import Channel
from graflow.exceptions import ChannelUnavailableError
from graflow.testing import Harness
from tests.testing.broken.registry import dict_harness
from tests.testing.broken.ttls import SetKeepsTtl
from tests.testing.dict_channel import DictChannels

__all__ = [
    "broken",
    "correct",
    "factory",
    "failing",
    "immodest",
    "interrupted",
    "no_harness",
    "of_strings",
    "set_keeps_ttl",
    "unopened",
    "untidy",
    "vanishing",
]


def correct() -> Harness:
    """Return the harness of a correct channel."""
    channels = DictChannels()
    return Harness(
        open=channels.open,
        open_async=lambda name: channels.open(name).aio,
        advance=channels.advance,
    )


def set_keeps_ttl() -> Harness:
    """Return the harness of a channel whose `set` keeps the TTL."""
    return dict_harness(SetKeepsTtl)


@contextmanager
def broken() -> Iterator[Harness]:
    """Give the same one, for as long as it is needed."""
    yield set_keeps_ttl()


@contextmanager
def no_harness() -> Iterator[int]:
    """Give something else."""
    yield 1


def failing() -> Harness:
    """Fail, as a factory does whose server is missing."""
    raise OSError("no disk")


def unopened() -> Harness:
    """Return a harness that opens nothing."""
    return Harness(open=lambda name: Path("/nowhere", name).open())  # type: ignore[arg-type, return-value]


def of_strings() -> Harness:
    """Return a harness that opens something else."""
    return Harness(open=nullcontext)  # type: ignore[arg-type]


def immodest() -> Harness:
    """Return a harness with a means that nothing was promised for."""
    return Harness(open=DictChannels().open, restart=list)


def factory() -> Harness:
    """Return a broken harness whose scripts contain what looks like markup and emoji."""
    harness = set_keeps_ttl()
    return replace(harness, preamble=f"{_MARKS}\n{_PREAMBLE}")


def interrupted() -> Harness:
    """Return a broken harness that is interrupted as by Ctrl-C before all was tried."""
    return _later(KeyboardInterrupt())


@contextmanager
def untidy() -> Iterator[Harness]:
    """Give a broken harness, and fail at the end."""
    yield set_keeps_ttl()
    raise OSError("can't unmount")


def vanishing() -> Harness:
    """Return a broken harness whose store can't be reached any more before all was tried."""
    return _later(ChannelUnavailableError("the store is down"))


def _later(error: BaseException) -> Harness:
    harness = set_keeps_ttl()
    opened = count()

    def open_channel(name: str) -> Channel:
        if next(opened) > 600:
            raise error
        return harness.open(name)

    return replace(harness, open=open_channel)


_MARKS = f"marks = ':smile: [bold] [/bold] {'long ' * 60}'"
_PREAMBLE = """from tests.testing import targets
harness = targets.set_keeps_ttl()
open, advance = harness.open, harness.advance"""
