"""Where boxes and lines are."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations

import pytest

from graflow.pictures import Box
from graflow.pictures.folding import sheet_of
from graflow.pictures.layout import Layout, Line, Spot, laid_out
from tests.paths import ROOT
from tests.pictures.graphs import chain, drawn_at_random, named


def layout(boxes: list[Box], *, fold: bool = True) -> Layout:
    """Return the layout of boxes."""
    return laid_out(sheet_of(boxes, fold=fold))


def middle(spot: Spot) -> float:
    """Return how far down the middle of a box or a joint is."""
    return spot.y + spot.height / 2


def test_a_chain_is_straight() -> None:
    """Its boxes stand side by side, with level lines between them."""
    found = layout(chain(5))
    assert len({middle(spot) for spot in found.boxes}) == 1
    assert all(line.start[1] == line.end[1] for line in found.lines)
    lefts = [spot.x for spot in found.boxes]
    assert lefts == sorted(lefts)
    assert sum(line.has_head for line in found.lines) == 4


def test_what_comes_before_several_stands_in_their_middle() -> None:
    """As in a diamond, in the order of definition from the top."""
    first, upper, lower, last = layout(named(a="", b="a", c="a", d="b c")).boxes
    assert middle(upper) < middle(lower)
    assert middle(first) == middle(last) == (middle(upper) + middle(lower)) / 2
    assert upper.x == lower.x


def test_a_long_line_is_straight_and_in_nobody_s_way() -> None:
    """It passes beside the boxes of the columns that it skips."""
    found = layout(named(a="", b="a", c="b", d="c a"))
    level = [line for line in found.lines if line.start[1] == line.end[1]]
    assert len({line.start[1] for line in level if not line.has_head}) == 1


def test_a_line_below_all_boxes_is_in_the_picture() -> None:
    """A picture ends below what is lowest in it, be that a box or a line."""
    wide = {f"b{n}": "a" for n in range(5)}
    found = layout(named(a="", **wide, c=" ".join(wide), d="a c"))
    lowest = max(end[1] for line in found.lines for end in (line.start, line.end))
    assert lowest > max(spot.y + spot.height for spot in found.boxes)  # as it is here
    assert found.height > lowest + 5


def test_lines_of_one_box_share_their_way() -> None:
    """A box before ten others in a row has one line that passes below all of them, not ten."""
    boxes = chain(11)
    boxes = [boxes[0], *(Box(box.name, tuple({*box.after, "t0"})) for box in boxes[1:])]
    found = layout(boxes)
    assert len({line.start[1] for line in found.lines if line.start[1] == line.end[1]}) <= 2


def test_wide_groups_are_joined_in_a_point() -> None:
    """Three before four others have seven lines, not twelve."""
    others = ("a0", "a1", "a2")
    boxes = [*map(Box, others), *(Box(f"b{n}", others) for n in range(4))]
    found = layout(boxes)
    assert len(found.joints) == 1
    assert len(found.lines) == 3 + 1 + 4  # one of them through the point
    assert sum(line.has_head for line in found.lines) == 4
    assert not layout(boxes[1:-2]).joints  # two before two have four lines either way


def test_a_group_is_joined_that_is_only_a_part_of_what_others_wait_for() -> None:
    """Each of twenty waits for a group of twenty, and for one of its own: 60 lines, not 420."""
    first = tuple(f"a{n}" for n in range(20))
    boxes = [
        *map(Box, first),
        *(Box(f"own{n}", ("a0",) if n % 2 else ()) for n in range(20)),
        *(Box(f"b{n}", (*first, f"own{n}")) for n in range(20)),
    ]
    found = layout(boxes, fold=False)
    assert found.joints
    assert len(found.lines) < 120


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_drawn_over_a_box(seed: int) -> None:
    """Boxes stand apart, lines go to the right, and level ones pass beside all boxes."""
    found = layout(drawn_at_random(seed, 40), fold=False)
    for one, other in combinations(found.boxes, 2):
        assert not _overlap(one, other)
    for line in found.lines:
        assert line.start[0] < line.end[0]
        assert not any(_passes(line, spot) for spot in found.boxes)
    assert all(spot.x >= 0 and spot.y >= 0 for spot in found.boxes)
    assert max(spot.x + spot.width for spot in found.boxes) < found.width
    assert max(spot.y + spot.height for spot in found.boxes) < found.height


def _overlap(one: Spot, other: Spot) -> bool:
    apart_across = one.x + one.width <= other.x or other.x + other.width <= one.x
    apart_down = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (apart_across or apart_down)


def _passes(line: Line, spot: Spot) -> bool:
    """Tell whether the inside of a box is between the ends of a line, and as high as both."""
    across = line.start[0] < spot.x + spot.width and spot.x < line.end[0]
    top, bottom = spot.y, spot.y + spot.height
    return across and all(top < y < bottom for y in (line.start[1], line.end[1]))


def test_few_lines_cross() -> None:
    """Two boxes that come in the wrong order change places."""
    found = layout(named(a="", b="", x="b", y="a"))
    places = dict(zip("abxy", map(middle, found.boxes), strict=True))
    assert (places["a"] < places["b"]) == (places["y"] < places["x"])


def test_a_box_that_is_after_itself_is_refused() -> None:
    """So is a circle of several, and a name that two boxes have; unknown names are left out."""
    with pytest.raises(ValueError, match="cycle"):
        layout(named(a="b", b="a"))
    with pytest.raises(ValueError, match="two boxes of a picture are called 'a'"):
        layout([Box("a"), Box("a")])
    assert not layout([Box("a", ("gone",))]).lines


@pytest.mark.needs_system
def test_a_picture_is_the_same_each_time() -> None:
    """Whatever the hashes of texts are in a process."""
    program = (
        "from graflow.pictures import svg, mermaid\n"
        "from tests.pictures.graphs import drawn_at_random\n"
        "print(svg('x', drawn_at_random(1, 60)), mermaid('x', drawn_at_random(1, 60)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
