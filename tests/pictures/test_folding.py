"""Boxes that become one, so that a big picture can be read."""

from __future__ import annotations

from graflow.pictures import Box, svg
from graflow.pictures.folding import sheet_of
from tests.pictures.graphs import chain, drawn_at_random


def test_a_dozen_boxes_stand_beside_each_other() -> None:
    """One more, and all of them become one, which says how many it holds."""
    boxes = [Box("list"), *(Box(f"fetch_{n}", ("list",)) for n in range(13))]
    assert len(sheet_of(boxes[:-1], fold=True)) == 13
    assert len(sheet_of(boxes, fold=False)) == 14
    _, folded = sheet_of(boxes, fold=True)
    assert (folded.title, folded.lines, folded.held) == ("fetch_0 … fetch_12", ("13 tasks",), 13)


def test_a_folded_box_looks_as_the_worst_of_those_in_it() -> None:
    """It counts the others, and its hint names those that failed, with what they say."""
    boxes = [Box(f"t{n}", look="finished", lines=("atomic", f"{n} s")) for n in range(1200)]
    boxes[700] = Box("t700", look="failed", lines=("atomic",), hint="ValueError: no")
    (folded,) = sheet_of(boxes, fold=True)
    assert folded.look == "failed"
    assert folded.lines == ("1,200 tasks", "1,199 finished, 1 failed", "atomic")
    assert folded.hint == "failed:\nt700: ValueError: no"


def test_rows_of_boxes_are_folded_too() -> None:
    """Each parse is after a fetch of its own; the arrow between them says so."""
    boxes = [Box("list")]
    boxes += [Box(f"fetch_{n}", ("list",)) for n in range(20)]
    boxes += [Box(f"parse_{n}", (f"fetch_{n}",)) for n in range(20)]
    boxes += [Box(f"page_{n}", (f"parse_{n // 3}",)) for n in range(60)]
    boxes += [Box("report", tuple(f"page_{n}" for n in range(60)))]
    _, fetch, parse, page, report = sheet_of(boxes, fold=True)
    assert (fetch.held, parse.held, page.held, report.held) == (20, 20, 60, 1)
    assert (fetch.notes, parse.notes, page.notes) == ({}, {1: "each"}, {2: "3 each"})
    assert ">each</text>" in svg("rows", boxes)
    assert ">3 each</text>" in svg("rows", boxes)


def test_only_boxes_with_the_same_before_and_after_them_are_alike() -> None:
    """One that something else waits for stays by itself, and so do those of small groups."""
    boxes = [Box(f"fetch_{n}") for n in range(30)] + [Box("log", ("fetch_7",))]
    shown = [item.title for item in sheet_of(boxes, fold=True)]
    assert shown == ["fetch_0 … fetch_29", "fetch_7", "log"]
    boxes = [Box(f"root_{n}") for n in range(3)]
    boxes += [Box(f"leaf_{n}", (f"root_{n % 3}",)) for n in range(90)]
    assert [item.held for item in sheet_of(boxes, fold=True)] == [1, 1, 1, 30, 30, 30]


def test_a_picture_with_thousands_of_different_boxes_shows_their_stages() -> None:
    """In a row that still can be read; all of them are in it."""
    items = sheet_of(drawn_at_random(1, 3000), fold=True)
    assert len(items) <= 24
    assert sum(item.held for item in items) == 3000
    assert [item.after for item in items] == [(), *((n,) for n in range(len(items) - 1))]
    first, *_ = sheet_of(chain(3000), fold=True)
    assert first.lines == ("125 tasks in 125 stages",)


def test_a_long_row_of_alike_boxes_is_compared_directly() -> None:
    """What takes too many steps to tell apart is not taken for the same."""
    boxes = [Box(f"a{n}") for n in range(14)]
    for step in range(60):
        before = boxes[-14:]
        boxes += [
            Box(f"s{step}_{n}", (before[n].name, before[(n + 1) % 14].name)) for n in range(14)
        ]
    assert sum(item.held for item in sheet_of(boxes, fold=True)) == len(boxes)
