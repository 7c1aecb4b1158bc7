"""Folders that the workers of a run of tests share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from tests.made_once import MadeOnce


@pytest.mark.needs_system
def test_several_ask_and_one_makes(made_once: MadeOnce) -> None:
    """Whoever asks gets the whole folder, also while it is being made."""
    numbers = count()

    def make(folder: Path) -> None:
        (folder / "number").write_text(str(next(numbers)))

    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: made_once("made for four", make), range(4)))
    assert [(folder / "number").read_text() for folder in folders] == ["0"] * 4
    assert next(numbers) == 1


def test_what_failed_is_made_again(made_once: MadeOnce) -> None:
    """Nothing of the first attempt is left."""

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        made_once("made again", fail)
    folder = made_once("made again", lambda folder: (folder / "whole").touch())
    assert [each.name for each in folder.iterdir()] == ["whole"]
