"""Links of pages in the repository, made to fit their place in the site.

In the repository, a link leads from file to file, as GitHub follows it. The site has the same
pages in other places, and no source code.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tools.site.markdown import outside_code

__all__ = ["DeadLinkError", "rewritten"]

_INLINE = re.compile(r"(?P<before>!?\[[^\]]*\]\()(?P<target>[^)\s]+)(?P<after>\))")
_DEFINED = re.compile(r"^(?P<before>\[[^\]]+\]:\s+)(?P<target>\S+)(?P<after>)", re.MULTILINE)


class DeadLinkError(Exception):
    """A page has a link to a file that is not there, or to an address that can't be one."""


def rewritten(text: str, page: str, places: Mapping[str, str], root: Path) -> str:
    """Return a page with its links as they have to be in the site.

    Args:
        text: The page, in Markdown.
        page: Its path in the repository.
        places: Where each page is in the site, by its path in the repository.
        root: The repository.

    Raises:
        DeadLinkError: A link leads nowhere; the message has the page and the link.
    """

    def replace(match: re.Match[str]) -> str:
        target = match["target"]
        fits = _address_fits if "://" in target or target.startswith("mailto:") else _is_relative
        if not fits(target):
            raise DeadLinkError(f"{page}: {target!r} is no address and no relative path")
        if fits is _is_relative:
            target = _moved(target, page, places, root)
        return f"{match['before']}{target}{match['after']}"

    return outside_code(text, lambda prose: _DEFINED.sub(replace, _INLINE.sub(replace, prose)))


def _address_fits(target: str) -> bool:
    """Tell whether it has the form of an address; nobody is asked whether it answers."""
    parts = urlsplit(target)
    if parts.scheme == "mailto":
        return "@" in parts.path
    return parts.scheme == "https" and re.fullmatch(r"[\w-]+(\.[\w-]+)+", parts.netloc) is not None


def _is_relative(target: str) -> bool:
    return not target.startswith("/")


def _moved(target: str, page: str, places: Mapping[str, str], root: Path) -> str:
    path, hash_sign, anchor = target.partition("#")
    if not path:
        return target
    there = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if not (root / there).exists():
        raise DeadLinkError(f"{page}: there is no {there}, to which it links as {path}")
    if there not in places:
        raise DeadLinkError(f"{page}: {there}, to which it links, is no part of the site")
    here = posixpath.dirname(places[page])
    return os.path.relpath(places[there], here or ".").replace(os.sep, "/") + hash_sign + anchor
