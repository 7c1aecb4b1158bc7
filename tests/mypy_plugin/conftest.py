"""What the tests of the plugin share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def primed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that has graflow and all that it imports; see `Runner`."""
    return tmp_path_factory.mktemp("primed") / "cache"
