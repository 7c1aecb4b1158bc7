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
        middle, line = self.x + self.width / 2, self.y + 27
        parts = [
            f'<rect x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" rx="7"'
            f' fill="{self.look.inside}" stroke="{self.look.edge}" stroke-width="1.5"/>',
            f'<text x="{middle}" y="{line}" fill="{self.look.text}" font-size="14">'
            f"{escape(self.text)}</text>",
        ]
        if self.note:
            parts.append(
                f'<text x="{middle}" y="{line + 18}" fill="{self.look.text}" font-size="11"'
                f' opacity="0.8">{escape(self.note)}</text>'
            )
        return "".join(parts)


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
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
            f' width="{width}" height="{height}" role="img" text-anchor="middle"'
            f' font-family="{_FONT}">',
            f"<title>{escape(self._title)}</title>",
            '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
            ' markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#5f7d79"/></marker></defs>',
            f'<rect width="{width}" height="{height}" rx="10" fill="#f7faf9"/>',
            *(_arrow(*ends) for ends in self._arrows),
            *(box.svg() for box in self._boxes),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"


def _arrow(first: Box, then: Box) -> str:
    if first.x + first.width < then.x:  # beside it
        x1, y1 = first.x + first.width, first.y + first.height / 2
        x2, y2 = then.x - 2, then.y + then.height / 2
        bend = f"{(x1 + x2) / 2} {y1} {(x1 + x2) / 2} {y2}"
    else:
        x1, y1 = first.x + first.width / 2, first.y + first.height
        x2, y2 = then.x + then.width / 2, then.y - 2
        bend = f"{x1} {(y1 + y2) / 2} {x2} {(y1 + y2) / 2}"
    return (
        f'<path d="M{x1} {y1} C{bend} {x2} {y2}" fill="none" stroke="#5f7d79" stroke-width="1.5"'
        ' marker-end="url(#end)"/>'
    )
