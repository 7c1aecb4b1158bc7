"""Blocks of code that run in the reader's browser: how a page marks them.

A comment on the line above a block makes that one live, and `<!-- live page -->` all Python blocks
of a page, but for those below `<!-- not live -->`:

    <!-- live -->
    ```python
    print("hello")
    ```

Comments are not shown on GitHub, and the block is a Python block for every tool that reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["LiveBlock", "live_blocks", "marked"]

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>live|not live) -->\n)?```(?P<language>python|text)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_PAGE = re.compile(r"^<!-- live page -->\n", re.MULTILINE)


@dataclass
class LiveBlock:
    """A live block of a page.

    Attributes:
        code: What it runs.
        printed: What stands below it as its output; `None` if there is nothing. It is what all
            live blocks since the last one with an output print.
    """

    code: str
    printed: str | None = None


def marked(text: str) -> str:
    """Return a page for the site: live blocks have a class, and the comments are gone."""
    every = bool(_PAGE.search(text))

    def replace(match: re.Match[str]) -> str:
        fence = "```{.python .live}" if _is_live(match, every) else f"```{match['language']}"
        return f"{fence}\n{match['code']}```"

    return _PAGE.sub("", _BLOCK.sub(replace, text))


def live_blocks(text: str) -> list[LiveBlock]:
    """Return the live blocks of a page, in their order."""
    every = bool(_PAGE.search(text))
    found: list[LiveBlock] = []
    was_live = False
    for match in _BLOCK.finditer(text):
        if match["language"] == "text":
            if was_live:
                found[-1].printed = match["code"]
            continue
        was_live = _is_live(match, every)
        if was_live:
            found.append(LiveBlock(match["code"]))
    return found


def _is_live(match: re.Match[str], every: bool) -> bool:
    if match["language"] != "python":
        return False
    return match["mark"] == "live" or (every and match["mark"] is None)
