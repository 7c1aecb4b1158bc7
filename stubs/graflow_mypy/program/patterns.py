"""Patterns: keys and ids that are known in part, with gaps where anything may stand."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ANYTHING", "Pattern", "Patterns", "joined", "text_of"]

Pattern = tuple[str | None, ...]
"""Pieces of text in their order; `None` is a gap. No two texts and no two gaps in a row."""

ANYTHING: Pattern = (None,)
"""The pattern that matches everything."""


def joined(left: Pattern, right: Pattern) -> Pattern:
    """Return the pattern of a text that `left` matches, followed by one that `right` matches."""
    pieces: list[str | None] = list(left)
    for piece in right:
        if pieces and piece is None and pieces[-1] is None:
            continue
        if pieces and piece is not None and (last := pieces[-1]) is not None:
            pieces[-1] = last + piece
        else:
            pieces.append(piece)
    return tuple(pieces)


def text_of(pattern: Pattern) -> str | None:
    """Return the one text that a pattern without gaps matches, `None` where it has gaps."""
    if not pattern:
        return ""
    return pattern[0] if len(pattern) == 1 else None


class Patterns:
    """Patterns, to ask whether one of them matches a text."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        """Sort out the plain texts, and compile the rest."""
        distinct = set(patterns)
        self.texts = frozenset(
            text for pattern in distinct if (text := text_of(pattern)) is not None
        )
        gapped = sorted(
            "".join(".*" if piece is None else re.escape(piece) for piece in pattern)
            for pattern in distinct
            if text_of(pattern) is None
        )
        self._gapped = re.compile("|".join(gapped), re.DOTALL) if gapped else None

    def match(self, text: str) -> bool:
        """Tell whether `text` is one of the texts, or fits one of the patterns."""
        if text in self.texts:
            return True
        return self._gapped is not None and self._gapped.fullmatch(text) is not None
