"""The examples run, and come to the same result on every backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import resumed, word_count
from examples.package_report import report
from graflow import Channel, MemoryChannel


def test_the_package_report_is_the_same_on_every_backend(channel: Channel) -> None:
    """It counts real packages, and says why the bad record was refused."""
    found = report(channel)
    assert found == report(MemoryChannel())
    assert found["packages"] > 5
    assert found["refused"].startswith("files.bytes: ")
    assert "'3 MB'" in found["refused"]


def test_words_are_counted_alike_in_memory_and_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    """On threads, on a process pool and on a cluster."""
    here = word_count.top_words(MemoryChannel())
    assert here == {"the": 4, "a": 3, "and": 3}
    assert word_count.main() == 0
    assert capfd.readouterr().out.count(str(here)) == 2


def test_the_killed_run_goes_on(tmp_path: Path) -> None:
    """No step that had ended runs again."""
    assert resumed.play(tmp_path) == [
        *("step 1 runs", "step 2 runs", "step 3 runs"),
        "killed; the checkpoint has 2 steps",
        *("step 3 runs", "step 4 runs", "step 5 runs"),
        "result: 55",
    ]
