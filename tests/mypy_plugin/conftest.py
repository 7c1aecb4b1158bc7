"""What the tests of the plugin share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.made_once import MadeOnce
from tests.mypy_plugin.runs import Runner


@pytest.fixture(scope="session")
def primed(made_once: MadeOnce) -> Path:
    """A cache that has graflow and all that it imports; see `Runner`."""
    return made_once("primed", lambda folder: Runner(folder).prime()) / "primed"
