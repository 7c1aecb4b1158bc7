"""Letters: how wide text is about, and how any text fits into a line."""

from __future__ import annotations

from typing import Final
from unicodedata import category, east_asian_width

__all__ = ["printable", "shortened", "width"]

_NARROW: Final = 0.62  # em, of a letter in every usual font of fixed width
_JOINER: Final = "\u200d"  # between the parts of one emoji
_VARIANTS: Final = range(0xFE00, 0xFE10)
_SKINS: Final = range(0x1F3FB, 0x1F400)
_ORDERS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_VERY_WIDE: Final = {"\ufdfa": 8.0, "\ufdfb": 4.0, "\ufdfd": 12.0}


def printable(text: str, *, lines: bool = False) -> str:
    """Return text as XML can have it, and as it stands in a line without disturbing others.

    Control characters become pictures of them. Those that reorder what is around them, and what
    is no character at all, become U+FFFD.

    Args:
        text: Any text.
        lines: Whether it may have several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join([_printable(character, lines) for character in text])


def _printable(character: str, lines: bool) -> str:
    code = ord(character)
    if character == "\n" and lines:
        return character
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    is_odd = category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp") or character in _ORDERS
    return "\ufffd" if is_odd else character


def width(text: str, size: float = 1.0) -> float:
    """Return how wide text is at most, in a font of fixed width whose size is given in pixels.

    It is an estimate by classes of characters, as the font isn't known, and rather too wide.
    """
    if text.isascii():
        return len(text) * _NARROW * size
    return sum(map(_em, text)) * size


def _em(character: str) -> float:
    code = ord(character)
    if code < 0x2B0:  # Latin
        return _NARROW
    if character in _VERY_WIDE:
        return _VERY_WIDE[character]
    if _is_attached(character):
        return 0.0
    if code >= 0x1F000:
        return 1.4
    if east_asian_width(character) in "WF":
        return 1.05
    return 0.75 if code < 0x530 else 1.0  # Greek and Cyrillic; other fonts step in for the rest


def _is_attached(character: str) -> bool:
    """Tell whether a character is a part of the one before it."""
    code = ord(character)
    return (
        category(character) in ("Mn", "Me", "Cf")
        or code in _VARIANTS
        or code in _SKINS
        or character == _JOINER
    )


def shortened(text: str, most: float) -> str:
    """Return text that is at most as wide as so many em, with an ellipsis for what is left out.

    More of the beginning stays than of the end, but ids often differ at their ends.
    """
    if width(text) <= most:
        return text
    room = most - width("\u2026")
    head = _start(text, room * 0.6)
    tail = _start(text[::-1], room - width(head))[::-1]
    return f"{head.rstrip()}\u2026{_whole(tail).lstrip()}"


def _start(text: str, room: float) -> str:
    """Return as many of the first characters as there is room for."""
    used = 0.0
    for number, character in enumerate(text):
        used += _em(character)
        if used > room:
            return _without_joiner(text[:number])
    return text


def _without_joiner(text: str) -> str:
    return text.rstrip(_JOINER)


def _whole(tail: str) -> str:
    """Leave out what belongs to a character that is not there."""
    while tail and _is_attached(tail[0]):
        tail = tail[1:]
    return tail
