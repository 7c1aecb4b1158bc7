"""Patterns: keys and ids that are known in part, with gaps where anything may stand."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ANYTHING", "Pattern", "Patterns", "joined", "shown", "text_of"]

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


def shown(pattern: Pattern) -> str:
    """Return what messages call a pattern: its text, with `*` for gaps."""
    return "".join("*" if piece is None else piece for piece in pattern)


def _expression(pattern: Pattern) -> str:
    return "".join(".*" if piece is None else re.escape(piece) for piece in pattern)


class Patterns:
    """Patterns, to ask whether one of them matches a text."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        """Sort out the plain texts, and compile the rest."""
        distinct = set(patterns)
        self.texts = frozenset(
            text for pattern in distinct if (text := text_of(pattern)) is not None
        )
        self.gapped = sorted((each for each in distinct if text_of(each) is None), key=repr)
        gapped = sorted(map(_expression, self.gapped))
        self._gapped = re.compile("|".join(gapped), re.DOTALL) if gapped else None

    def match(self, text: str) -> bool:
        """Tell whether `text` is one of the texts, or fits one of the patterns."""
        if text in self.texts:
            return True
        return self._gapped is not None and self._gapped.fullmatch(text) is not None

    def may_match(self, pattern: Pattern) -> bool:
        """Tell whether a text that fits `pattern` may be one of these."""
        text = text_of(pattern)
        if text is not None:
            return self.match(text)
        expression = re.compile(_expression(pattern), re.DOTALL)
        if any(map(expression.fullmatch, self.texts)):
            return True
        return any(_may_meet(pattern, each) for each in self.gapped)


def _may_meet(one: Pattern, other: Pattern) -> bool:
    """Tell whether a text may fit two patterns with gaps, by their beginnings and ends."""
    begins, ends = (one[0] or "", other[0] or ""), (one[-1] or "", other[-1] or "")
    do_begin = begins[0].startswith(begins[1]) or begins[1].startswith(begins[0])
    return do_begin and (ends[0].endswith(ends[1]) or ends[1].endswith(ends[0]))
