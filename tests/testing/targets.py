"""Factories for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graflow.testing import Harness
from tests.testing.broken.registry import dict_harness
from tests.testing.broken.ttls import SetKeepsTtl
from tests.testing.dict_channel import DictChannels

__all__ = ["broken", "correct", "no_harness", "set_keeps_ttl"]


def correct() -> Harness:
    """Return the harness of a correct channel."""
    channels = DictChannels()
    return Harness(open=channels.open, advance=channels.advance)


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
