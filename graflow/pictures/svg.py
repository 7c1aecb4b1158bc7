"""SVG: pictures that a browser shows, on light and dark pages, alone or inside a page.

Boxes have an inside of their own, and lines a grey that can be seen on white and on black, so that
nothing depends on the page. There are no styles and no ids, which would be those of the whole page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from graflow.pictures.box import Box, Look
from graflow.pictures.folding import sheet_of
from graflow.pictures.layout import LETTERS, SMALL_LETTERS, Layout, Line, Spot, laid_out
from graflow.pictures.lettering import printable
from graflow.pictures.sheet import DrawnItem, Sheet

__all__ = ["svg"]

_FONT: Final = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
_GREY: Final = "#76807f"
_TOLD: Final = 40  # boxes of a picture that is told in words, too


@dataclass(frozen=True, slots=True)
class _Colours:
    """The colours of a look.

    Attributes:
        inside: That of the inside.
        edge: That of the edge.
        stroke: How the edge is drawn, for those who see no colours.
    """

    inside: str
    edge: str
    stroke: str = 'stroke-width="1.5"'


_COLOURS: Final[dict[Look, _Colours]] = {
    "plain": _Colours("#e0f2f1", "#00796b"),
    "waiting": _Colours("#f1f3f4", "#80868b", 'stroke-width="1.5" stroke-dasharray="3 3"'),
    "running": _Colours("#e1effc", "#1769c0", 'stroke-width="2.5"'),
    "retrying": _Colours("#fff1dc", "#c85e00", 'stroke-width="2.5" stroke-dasharray="8 4"'),
    "finished": _Colours("#e4f4e6", "#2e7d32"),
    "failed": _Colours("#fde4e1", "#c62828", 'stroke-width="3.5"'),
}


def svg(title: str, boxes: Sequence[Box], *, fold: bool = True) -> str:
    """Draw boxes and the arrows between them, from left to right.

    Args:
        title: What the picture shows, also for those who can't see it.
        boxes: The boxes.
        fold: Whether many boxes that are alike become one; see `sheet_of`.

    Returns:
        An element `svg`, which can stand in a file by itself or inside HTML.

    Raises:
        ValueError: Two boxes have one name, or boxes are after each other.
    """
    sheet = sheet_of(boxes, fold=fold)
    layout = laid_out(sheet) if sheet else Layout(90, 34, (), (), ())
    size = f'width="{_number(layout.width)}" height="{_number(layout.height)}"'
    box = f'viewBox="0 0 {_number(layout.width)} {_number(layout.height)}"'
    words = f'text-anchor="middle" font-family="{_FONT}" font-size="{LETTERS}" xml:space="preserve"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {size} role="img" {words}>',
        f"<title>{_escaped(title)}</title>",
        *([f"<desc>{_escaped(_told(sheet))}</desc>"] if len(sheet) <= _TOLD else []),
        *_lines(layout.lines),
        *_joints(layout.joints),
        *map(_box, sheet, layout.boxes),
        *([] if sheet else [_text(45, 21, "no tasks", f'fill="{_GREY}"')]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _told(sheet: Sheet) -> str:
    """Tell a picture in words."""
    told = []
    for item in sheet:
        before = ", ".join(sheet[number].title for number in item.after)
        told.append("; ".join([item.title, *([f"after {before}"] if before else []), *item.lines]))
    return "\n".join(told)


def _lines(lines: Sequence[Line]) -> list[str]:
    if not lines:
        return []
    way = "".join(map(_way, lines))
    heads = "".join(
        f"M{_number(line.end[0])} {_number(line.end[1])}l-8 -4v8z"
        for line in lines
        if line.has_head
    )
    return [
        f'<path d="{way}" fill="none" stroke="{_GREY}" stroke-width="1.5"/>',
        *([f'<path d="{heads}" fill="{_GREY}"/>'] if heads else []),
        *(_note(line) for line in lines if line.note),
    ]


def _way(line: Line) -> str:
    """Return the way of a line: straight, or a curve that begins and ends level."""
    (x1, y1), (x2, y2) = line.start, line.end
    if line.has_head:
        x2 -= 5
    start = f"M{_number(x1)} {_number(y1)}"
    if y1 == y2:
        return f"{start}H{_number(x2)}"
    middle = _number((x1 + x2) / 2)
    return f"{start}C{middle} {_number(y1)} {middle} {_number(y2)} {_number(x2)} {_number(y2)}"


def _note(line: Line) -> str:
    x, y = (line.start[0] + line.end[0]) / 2, (line.start[1] + line.end[1]) / 2
    return _text(x - 2, y - 5, line.note, f'font-size="{SMALL_LETTERS}" fill="{_GREY}"')


def _joints(joints: Sequence[Spot]) -> list[str]:
    return [
        f'<circle cx="{_number(spot.x + spot.width / 2)}" cy="{_number(spot.y + spot.height / 2)}"'
        f' r="{_number(spot.width / 2)}" fill="{_GREY}"/>'
        for spot in joints
    ]


def _box(item: DrawnItem, spot: Spot) -> str:
    """Draw a box, or the stack of those that are folded, with its tooltip."""
    colours = _COLOURS[item.look]
    look = f'fill="{colours.inside}" stroke="{colours.edge}" {colours.stroke}'
    thin = f'fill="{colours.inside}" stroke="{colours.edge}"'
    hint = f"\n{item.hint}" if item.hint else ""
    middle = spot.x + spot.width / 2
    name, *lines = spot.text
    parts = [
        f'<g data-name="{_escaped(item.title)}">',
        f"<title>{_escaped(item.title + hint)}</title>",
        *([_rect(spot, 6, thin), _rect(spot, 3, thin)] if item.held > 1 else []),
        _rect(spot, 0, look),
        _text(middle, spot.y + 22, name, 'fill="#17302d"'),
        *(
            _text(middle, spot.y + 37 + 15 * n, line, f'font-size="{SMALL_LETTERS}" fill="#3d5552"')
            for n, line in enumerate(lines)
        ),
        "</g>",
    ]
    return "".join(parts)


def _rect(spot: Spot, shift: int, look: str) -> str:
    place = f'x="{_number(spot.x + shift)}" y="{_number(spot.y + shift)}"'
    size = f'width="{_number(spot.width)}" height="{_number(spot.height)}"'
    return f'<rect {place} {size} rx="7" {look}/>'


def _text(x: float, y: float, text: str, look: str) -> str:
    return f'<text x="{_number(x)}" y="{_number(y)}" {look}>{escape(text)}</text>'


def _escaped(text: str) -> str:
    return escape(printable(text, lines=True))


def _number(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
