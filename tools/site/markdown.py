"""Markdown as GitHub reads it, made to mean the same for Python-Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["IndentError", "outside_code", "with_lists", "with_pipes"]

_CODE = re.compile(
    r"(^(?P<fence>`{3,})[^\n]*\n.*?^(?P=fence)$|`+[^`]+`+)", re.MULTILINE | re.DOTALL
)
_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_SPAN = re.compile(r"`[^`\n]+`")
_NESTED = re.compile(r"^ {1,3}(?:[-*+]|\d+\.) .*", re.MULTILINE)
_AFTER_TEXT = re.compile(r"^(?P<text>(?![-*+] |\d+\. |[ #|<]).+\n)(?=(?:[-*+]|1\.) )", re.MULTILINE)


class IndentError(Exception):
    """A list inside another one would not be seen as one: it needs four spaces."""


def with_lists(text: str, page: str) -> str:
    """Return a page with an empty line before each list that has none.

    Args:
        text: The page.
        page: Its path, for the error.

    Raises:
        IndentError: A list inside another one is indented by less than four spaces.
    """

    def change(prose: str) -> str:
        if nested := _NESTED.search(prose):
            raise IndentError(f"{page}: indent this by four spaces: {nested[0].strip()}")
        return _AFTER_TEXT.sub(r"\g<text>\n", prose)

    return outside_code(text, change)


def with_pipes(text: str) -> str:
    r"""Return a page with `|` for `\|` in code in tables: only GitHub takes the escape away."""

    def in_row(row: re.Match[str]) -> str:
        return _SPAN.sub(lambda span: span[0].replace(r"\|", "|"), row[0])

    return _ROW.sub(in_row, text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return Markdown with `change` made to all that is neither a block nor a span of code."""
    kept: list[str] = []

    def put_away(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    changed = change(_CODE.sub(put_away, text))
    return re.sub("\0(\\d+)\0", lambda match: kept[int(match[1])], changed)
