"""Layout: where the boxes, joints and lines of a picture are, in pixels, from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graflow.pictures.alignment import aligned
from graflow.pictures.joints import joined
from graflow.pictures.layers import Layers, layered
from graflow.pictures.lettering import printable, shortened, width
from graflow.pictures.sheet import DrawnItem, Sheet
from graflow.pictures.sorting import sort_layers

__all__ = ["LETTERS", "SMALL_LETTERS", "Layout", "Line", "Spot", "laid_out"]

LETTERS: Final = 14
"""The size of letters of names."""
SMALL_LETTERS: Final = 11
"""The size of letters of lines below them."""

_MARGIN: Final = 10
_WIDEST: Final = 280  # of what stands in a box
_JOINT: Final = 7
_BETWEEN: Final = {True: 18, False: 11}  # neighbours of a column that are a box, or are none


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a box or a joint is, and what stands in it.

    Attributes:
        x: Its left edge.
        y: Its upper edge.
        width: How wide it is.
        height: How high it is.
        text: Its lines, cut to fit; a joint has none.
    """

    x: float
    y: float
    width: float
    height: float
    text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A part of an arrow: from a place to another one further right.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        has_head: Whether it ends at a box.
        note: What is written beside it.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    has_head: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture, but for its looks.

    Attributes:
        width: How wide it is.
        height: How high it is.
        boxes: Where the items of the sheet are.
        joints: Where the joints are.
        lines: The lines.
    """

    width: float
    height: float
    boxes: Sequence[Spot]
    joints: Sequence[Spot]
    lines: Sequence[Line]


def laid_out(sheet: Sheet) -> Layout:
    """Return the layout of a sheet that has an item at least.

    Raises:
        graphlib.CycleError: Items are after each other; this is a `ValueError`.
    """
    layers = layered(joined(sheet), len(sheet))
    sort_layers(layers)
    texts = [_text(item) for item in sheet]
    heights = [_height(layers, texts, point) for point in range(len(layers.before))]
    boxes = len(sheet)

    def distance(first: int, second: int) -> float:
        between = _BETWEEN[first < boxes or second < boxes]
        return (heights[first] + heights[second]) / 2 + between

    middles = [round(place, 1) for place in aligned(layers, distance)]
    return _Drafting(sheet, layers, texts, heights, middles).layout()


def _text(item: DrawnItem) -> tuple[str, ...]:
    """Return what stands in a box."""
    small = _WIDEST / SMALL_LETTERS
    return (
        shortened(printable(item.title), _WIDEST / LETTERS),
        *(shortened(printable(line), small) for line in item.lines),
    )


def _height(layers: Layers, texts: Sequence[Sequence[str]], point: int) -> float:
    if point < len(texts):
        return 19 + 15 * len(texts[point])
    return _JOINT if point < layers.fixed else 0


class _Drafting:
    """The making of a layout, once the order of points and their places across are known."""

    def __init__(
        self,
        sheet: Sheet,
        layers: Layers,
        texts: Sequence[tuple[str, ...]],
        heights: Sequence[float],
        middles: Sequence[float],
    ) -> None:
        self._sheet = sheet
        self._layers = layers
        self._texts = texts
        self._heights = heights
        top = min(middle - height / 2 for middle, height in zip(middles, heights, strict=True))
        self._middles = [middle - top + _MARGIN for middle in middles]
        self._widths = [self._column(layer) for layer in layers.layers]
        self._column_of = {p: n for n, layer in enumerate(layers.layers) for p in layer}
        self._lefts = self._edges()

    def layout(self) -> Layout:
        """Return the layout."""
        spots = [self._spot(point) for point in range(self._layers.fixed)]
        boxes = len(self._sheet)
        return Layout(
            width=self._lefts[-1] + self._widths[-1] + _MARGIN,
            height=self._lowest() + _MARGIN,
            boxes=spots[:boxes],
            joints=spots[boxes:],
            lines=[*self._through(), *self._between(), *self._behind()],
        )

    def _lowest(self) -> float:
        """Return how far down the lowest box, joint or bend of a line goes."""
        reach = zip(self._middles, self._heights, strict=True)
        return max(middle + height / 2 for middle, height in reach)

    def _column(self, layer: Sequence[int]) -> float:
        """Return how wide a column is: all of its boxes are."""
        widths = [_JOINT if point < self._layers.fixed else 0.0 for point in layer]
        for point in layer:
            if point < len(self._sheet):
                name, *lines = self._texts[point]
                widths.append(width(name, LETTERS) + 26)
                widths += [width(line, SMALL_LETTERS) + 22 for line in lines]
        return round(max(widths))

    def _edges(self) -> list[float]:
        """Return the left edge of each column."""
        found = [float(_MARGIN)]
        for column, points in enumerate(self._layers.layers[:-1]):
            found.append(found[-1] + self._widths[column] + self._gap(column, points))
        return found

    def _gap(self, column: int, points: Sequence[int]) -> float:
        """Return how far a column is from the next, more if lines go far up or down."""
        steepest, note = 0.0, 0.0
        for point in points:
            for other in self._layers.after[point]:
                steepest = max(steepest, abs(self._middles[other] - self._middles[point]))
                note = max(note, width(self._note(point, other), SMALL_LETTERS) + 30)
        is_short = _JOINT in (self._widths[column], self._widths[column + 1])
        return round(max(min((24 if is_short else 44) + steepest * 0.12, 130), note))

    def _note(self, point: int, other: int) -> str:
        return self._sheet[other].notes.get(point, "") if other < len(self._sheet) else ""

    def _spot(self, point: int) -> Spot:
        column, height = self._column_of[point], self._heights[point]
        left, wide = self._lefts[column], self._widths[column]
        top = self._middles[point] - height / 2
        if point < len(self._sheet):
            return Spot(left, top, wide, height, self._texts[point])
        return Spot(left + (wide - _JOINT) / 2, top, _JOINT, _JOINT)

    def _through(self) -> list[Line]:
        """Return the lines through columns: at bends, and on both sides of joints."""
        found = []
        for point in range(len(self._sheet), len(self._middles)):
            column, middle = self._column_of[point], self._middles[point]
            left, wide = self._lefts[column], self._widths[column]
            if wide:
                found.append(Line((left, middle), (left + wide, middle)))
        return found

    def _between(self) -> list[Line]:
        return [
            self._line(point, other)
            for layer in self._layers.layers
            for point in layer
            for other in self._layers.after[point]
        ]

    def _behind(self) -> list[Line]:
        return [self._line(*ends) for ends in self._layers.straight]

    def _line(self, point: int, other: int) -> Line:
        """Return the line from a column to another."""
        column = self._column_of[point]
        start = self._lefts[column] + self._widths[column], self._middles[point]
        end = self._lefts[self._column_of[other]], self._middles[other]
        return Line(start, end, other < len(self._sheet), self._note(point, other))
