"""The examples run, and come to the same result on every backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import __main__ as demo
from examples import resumed, word_count
from examples.airports import REGIONS, Report, survey_of_the_world
from graflow import Channel, MemoryChannel


def test_the_airports_are_the_same_on_every_backend(channel: Channel) -> None:
    """It counts real airports, and each of them once."""
    found: Report = survey_of_the_world(channel).execute()
    assert found == survey_of_the_world().execute()
    assert found["airports"] == sum(region["airports"] for region in found["regions"]) > 20_000
    assert found["northernmost"]["name"] == "Alert Airport"


def test_the_demo(capfd: pytest.CaptureFixture[str]) -> None:
    """It shows where it is, the tasks in order, what is refused, the kill, and equal reports."""
    assert demo.main() == 0
    told = capfd.readouterr().out
    assert str(demo.__file__) in told.splitlines()[0]
    assert "\n  2  africa | america | " in told
    assert "highest.elevation: should be a valid number, found '-3 m'" in told
    assert "ended before the kill:  count, africa, " in told
    assert told.endswith("All reports are equal.\n")


def test_words_are_counted_alike_in_memory_and_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    """On threads, on a process pool and on a cluster."""
    here = word_count.top_words(MemoryChannel())
    assert here == {"the": 4, "a": 3, "and": 3}
    assert word_count.main() == 0
    assert capfd.readouterr().out.count(str(here)) == 2


def test_the_killed_run_goes_on(tmp_path: Path) -> None:
    """No task that had ended runs again, and the report is that of a run that was not killed."""
    story = resumed.play(tmp_path)
    assert story.before == ["count", "africa", "america", "antarctica", "arctic"]
    assert [*story.before, *story.after] == ["count", *map(str.lower, REGIONS), "compare"]
    assert story.report == survey_of_the_world().execute()
