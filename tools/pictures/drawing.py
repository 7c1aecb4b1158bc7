"""Boxes and arrows, as SVG that can be read on a light and on a dark page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

__all__ = ["TASK", "Box", "Drawing", "Look"]


@dataclass(frozen=True)
class Look:
    """The colours of a box: those of its inside, its edge and its text."""

    inside: str
    edge: str
    text: str = "#17302d"


TASK: Final = Look("#e0f2f1", "#00796b")

_HEIGHT = 44
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
_HEAD = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    ' orient="auto"><path d="M0 0 8 4 0 8z" fill="#5f7d79"/></marker></defs>'
)


@dataclass(frozen=True)
class Box:
    """A box with a line of text in it, and perhaps a smaller one below.

    Attributes:
        x: Its left edge, in pixels.
        y: Its upper edge.
        width: In pixels.
        text: What it is.
        note: What else there is to say.
        look: Its colours.
    """

    x: int
    y: int
    width: int
    text: str
    note: str = ""
    look: Look = TASK

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return _HEIGHT + (16 if self.note else 0)

    def svg(self) -> str:
        """Return it as elements of SVG."""
        edges = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="7"'
        colours = f'fill="{self.look.inside}" stroke="{self.look.edge}" stroke-width="1.5"'
        words = self._line(27, 14, self.text) + (self._line(45, 11, self.note) if self.note else "")
        return f"<rect {edges} {colours}/>{words}"

    def _line(self, below: int, size: int, text: str) -> str:
        place = f'x="{self.x + self.width / 2}" y="{self.y + below}" font-size="{size}"'
        return f'<text {place} fill="{self.look.text}">{escape(text)}</text>'


class Drawing:
    """A picture of boxes, and of arrows between them.

    Args:
        title: What it shows, for those who can't see it.
        boxes: All boxes.
        arrows: Pairs of a box and the one that comes after it; from its right edge if that is
            beside it, and from its lower edge if that is below.
    """

    def __init__(self, title: str, boxes: list[Box], arrows: list[tuple[Box, Box]]) -> None:
        self._title = title
        self._boxes = boxes
        self._arrows = arrows

    def svg(self) -> str:
        """Return the whole picture."""
        width = max(box.x + box.width for box in self._boxes) + 20
        height = max(box.y + box.height for box in self._boxes) + 20
        size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        words = f'role="img" text-anchor="middle" font-family="{_FONT}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {words}>',
            f"<title>{escape(self._title)}</title>",
            _HEAD,
            f'<rect width="{width}" height="{height}" rx="10" fill="#f7faf9"/>',
            *(_arrow(*ends) for ends in self._arrows),
            *(box.svg() for box in self._boxes),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"


def _arrow(first: Box, then: Box) -> str:
    if first.x + first.width < then.x:  # beside it
        x1, y1 = first.x + first.width, first.y + first.height // 2
        x2, y2 = then.x - 2, then.y + then.height // 2
        bend = f"{(x1 + x2) // 2} {y1} {(x1 + x2) // 2} {y2}"
    else:
        x1, y1 = first.x + first.width // 2, first.y + first.height
        x2, y2 = then.x + then.width // 2, then.y - 2
        bend = f"{x1} {(y1 + y2) // 2} {x2} {(y1 + y2) // 2}"
    way = f'd="M{x1} {y1} C{bend} {x2} {y2}" fill="none" stroke="#5f7d79" stroke-width="1.5"'
    return f'<path {way} marker-end="url(#end)"/>'
