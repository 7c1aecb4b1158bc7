"""What broken channels leave behind."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest

from graflow.testing.edges.holders.contenders import NAME
from tests.testing.left_threads import end_threads


@pytest.fixture(scope="module", autouse=True)
def _none_left() -> Iterator[None]:
    """Collect the connections that broken channels lose, before another module's test has to."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(autouse=True)
def _nobody_left() -> Iterator[None]:
    """End the threads that a broken channel lets wait for ever.

    They look at it again and again, so that the tests that judge by what threads do would take
    many times as long.
    """
    yield
    end_threads(NAME)
