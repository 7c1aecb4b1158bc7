"""Mermaid: pictures as text, which GitHub, GitLab, Notion and many editors draw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from graflow.pictures.box import Box, Look
from graflow.pictures.folding import sheet_of
from graflow.pictures.joints import joined
from graflow.pictures.lettering import printable, shortened
from graflow.pictures.sheet import DrawnItem, Sheet

__all__ = ["mermaid"]

_WIDEST: Final = 40  # em, of a line in a box
_STYLES: Final[dict[Look, str]] = {
    "plain": "fill:#e0f2f1,stroke:#00796b,color:#17302d",
    "waiting": "fill:#f1f3f4,stroke:#80868b,color:#17302d,stroke-dasharray:3 3",
    "running": "fill:#e1effc,stroke:#1769c0,color:#17302d,stroke-width:2px",
    "retrying": "fill:#fff1dc,stroke:#c85e00,color:#17302d,stroke-dasharray:8 4",
    "finished": "fill:#e4f4e6,stroke:#2e7d32,color:#17302d",
    "failed": "fill:#fde4e1,stroke:#c62828,color:#17302d,stroke-width:3px",
}
_JOINT: Final = "fill:#76807f,stroke:#76807f,color:#76807f"
_ODD: Final = re.compile(
    r"(?<![A-Za-z0-9])[_./-]|[_./-](?![A-Za-z0-9])"  # not within a word
    r"|[!-+:-@\[-^`{-~]"  # other signs
    r"|(?:^|(?<= )) | $"
)
"""What may mean something to Mermaid, or to the Markdown and HTML in its boxes."""


def mermaid(title: str, boxes: Sequence[Box], *, fold: bool = True) -> str:
    """Return boxes and the arrows between them as a flowchart of Mermaid, from left to right.

    Args:
        title: What the picture shows, for those who can't see it.
        boxes: The boxes.
        fold: Whether many boxes that are alike become one; see `sheet_of`.

    Raises:
        ValueError: Two boxes have one name, or boxes are after each other.
    """
    sheet = sheet_of(boxes, fold=fold)
    before = joined(sheet)
    looks = dict.fromkeys(item.look for item in sheet)
    lines = [
        f"accTitle: {_escaped(printable(title)) or 'tasks'}",
        *map(_box, range(len(sheet)), sheet),
        *(f'{_id(joint, sheet)}((" ")):::joint' for joint in range(len(sheet), len(before))),
        *_arrows(sheet, before),
        *(f"classDef {look} {_STYLES[look]}" for look in looks),
        *([f"classDef joint {_JOINT}"] if len(before) > len(sheet) else []),
    ]
    return "flowchart LR" + "".join(f"\n    {line}" for line in lines)


def _id(number: int, sheet: Sheet) -> str:
    """Return what a box or a joint is called inside the text; names can be anything."""
    return f"t{number}" if number < len(sheet) else f"j{number - len(sheet)}"


def _box(number: int, item: DrawnItem) -> str:
    """Return a box; one that stands for several has double sides."""
    lines = (item.title, *item.lines)
    text = "<br/>".join(_escaped(shortened(printable(line), _WIDEST)) for line in lines)
    inside = f'[["{text}"]]' if item.held > 1 else f'["{text}"]'
    return f"t{number}{inside}:::{item.look}"


def _arrows(sheet: Sheet, before: Sequence[Sequence[int]]) -> Iterator[str]:
    for number, others in enumerate(before):
        notes = sheet[number].notes if number < len(sheet) else {}
        kind = "-->" if number < len(sheet) else "---"
        for other in others:
            note = f"|{notes[other]}|" if other in notes else ""
            yield f"{_id(other, sheet)} {kind}{note} {_id(number, sheet)}"


def _escaped(text: str) -> str:
    """Write what is special as the entities that Mermaid has for that, such as `#35;`."""
    return _ODD.sub(lambda found: f"#{ord(found[0])};", text)
