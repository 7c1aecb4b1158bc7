"""Whether broken channels leave connections behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _none_left() -> Iterator[None]:
    """Tell it of this module's tests, and not of those that the collector happens to run in."""
    yield
    gc.collect()
