"""The check of the built site: links, anchors, and that no page asks anybody else for anything."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["faults"]

_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_OUTSIDE_IN_CSS = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')]+)")


@dataclass
class _Page(HTMLParser):
    """What a page has: its anchors, where it links to, and what it loads."""

    path: str
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says of the page."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in _LOADS and values.get("rel") not in ("next", "prev"):
            self.loads += [values[_LOADS[tag]]] if _LOADS[tag] in values else []


def faults(site: Path) -> list[str]:
    """Return what is wrong with the site in a folder, a line each; nothing if all is well."""
    pages = {path.relative_to(site).as_posix(): _read(path, site) for path in site.rglob("*.html")}
    found = [fault for page in pages.values() for fault in _of_page(page, pages, site)]
    for path in site.rglob("*.css"):
        outside = _OUTSIDE_IN_CSS.findall(path.read_text("utf-8"))
        found += [f"{path.relative_to(site)}: loads {address}" for address in outside]
    return sorted(set(found))


def _read(path: Path, site: Path) -> _Page:
    page = _Page(path.relative_to(site).as_posix())
    page.feed(path.read_text("utf-8"))
    return page


def _of_page(page: _Page, pages: dict[str, _Page], site: Path) -> Iterator[str]:
    for address in page.loads:
        parts = urlsplit(address)
        if parts.scheme not in ("", "data") or parts.netloc:
            yield f"{page.path}: loads {address}"
        elif not parts.scheme and not (site / _resolved(page, parts.path)).exists():
            yield f"{page.path}: loads {address}, which is not there"
    for address in page.links:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        there = _resolved(page, parts.path)
        there = posixpath.join(there, "index.html") if (site / there).is_dir() else there
        there = posixpath.normpath(there)
        if not (site / there).exists():
            yield f"{page.path}: links to {address}, which is not there"
        elif there in pages and unquote(parts.fragment) not in pages[there].anchors | {""}:
            yield f"{page.path}: links to {address}, and that page has no such anchor"


def _resolved(page: _Page, path: str) -> str:
    """Return where a path of a page leads, from the top of the site."""
    if not path:
        return page.path
    if path.startswith("/"):
        return path.lstrip("/") or "."
    return posixpath.normpath(posixpath.join(posixpath.dirname(page.path), unquote(path)))
