"""Every picture of the documentation, by the name of its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.pictures.drawing import Box, Drawing, Look

__all__ = ["FOLDER", "PICTURES"]

FOLDER = Path(__file__).parents[2] / "docs/pictures"

_FACE: Final = Look("#fff3e0", "#ef6c00")
_STORE: Final = Look("#e8eaf6", "#3949ab")


def cafe() -> Drawing:
    """The workflow on the start page."""
    tea = Box(20, 20, 150, "take_order")
    cake = Box(20, 84, 150, "take_another")
    total = Box(250, 52, 120, "add_up")
    return Drawing(
        "take_order and take_another run at the same time, then add_up",
        [tea, cake, total],
        [(tea, total), (cake, total)],
    )


def tutorial_tasks() -> Drawing:
    """The workflow on the first page of the tutorial."""
    read = Box(20, 52, 90, "read")
    both = [Box(190, 20, 150, "highest"), Box(190, 84, 150, "northernmost")]
    report = Box(420, 52, 110, "report")
    return Drawing(
        "read, then highest and northernmost at the same time, then report",
        [read, *both, report],
        [*((read, each) for each in both), *((each, report) for each in both)],
    )


def tutorial() -> Drawing:
    """The workflow of the tutorial from its second page on."""
    read = Box(20, 116, 90, "read")
    regions = [
        Box(190, 20 + 64 * row, 150, name)
        for row, name in enumerate(["Africa", "America", "Asia", "Europe"])
    ]
    report = Box(420, 116, 110, "report")
    return Drawing(
        "read, then a task for each of four regions at the same time, then report",
        [read, *regions, report],
        [*((read, each) for each in regions), *((each, report) for each in regions)],
    )


def channels() -> Drawing:
    """What is between a task and the place where its values are."""
    task = Box(230, 20, 160, "your tasks")
    typed = Box(180, 104, 260, "typed channel", "checks every value, both ways", _FACE)
    channel = Box(180, 204, 260, "channel", "one contract for all", _FACE)
    stores = [
        Box(20, 314, 180, "memory", "one process", _STORE),
        Box(220, 314, 180, "an SQLite file", "processes of a machine", _STORE),
        Box(420, 314, 180, "Redis, Valkey", "many machines", _STORE),
    ]
    return Drawing(
        "Tasks use typed channels; a channel is in memory, in a file or on a server",
        [task, typed, channel, *stores],
        [(task, typed), (typed, channel), *((channel, store) for store in stores)],
    )


PICTURES: Final[dict[str, Callable[[], Drawing]]] = {
    "cafe.svg": cafe,
    "channels.svg": channels,
    "tutorial.svg": tutorial,
    "tutorial_tasks.svg": tutorial_tasks,
}
