"""After any sequence of edits, mypy says with a cache what it says without one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.mypy_plugin.fuzz import differences
from tests.patience import LONG
from tests.seeds import LONGER, SEEDS

EDITS = 20 * LONGER


@pytest.mark.timeout(LONG)
@pytest.mark.thorough
@pytest.mark.parametrize("seed", SEEDS)
def test_warm_runs_say_what_cold_ones_say(seed: int, tmp_path: Path, primed: Path) -> None:
    """In every kind of cache, and with workers, the same diagnostics and the same types."""
    found = Counter[str]()
    problems = differences(tmp_path / "program", seed=seed, edits=EDITS, primed=primed, found=found)
    assert not problems, "\n\n".join(problems)
    assert found["graflow-key-unknown"] + found["graflow-key-type"] > EDITS // 2
    assert found["revealed"] > EDITS // 2
