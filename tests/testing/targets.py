"""Factories for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graflow.testing import Harness
from tests.testing.broken_channels import BROKEN
from tests.testing.dict_channel import DictBackend

__all__ = ["broken", "correct", "no_harness"]


def correct() -> Harness:
    """Return the harness of a correct channel."""
    backend = DictBackend()
    return Harness(open=backend.open, advance=backend.advance)


@contextmanager
def broken() -> Iterator[Harness]:
    """Give the harness of a channel that keeps the TTL on `set`."""
    backend = DictBackend(BROKEN["set keeps the old TTL"])
    yield Harness(open=backend.open, advance=backend.advance)


@contextmanager
def no_harness() -> Iterator[int]:
    """Give something else."""
    yield 1
