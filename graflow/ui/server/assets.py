"""Files of the page, read once from the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from graflow.ui.server.answer import Answer

__all__ = ["asset"]

_KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@cache
def _assets() -> dict[str, Answer]:
    found = {}
    for file in files("graflow.ui").joinpath("static").iterdir():
        kind = _KINDS.get(file.name.rpartition(".")[2])
        if kind:
            found[file.name] = Answer(file.read_bytes(), kind)
    return found


def asset(name: str) -> Answer | None:
    """Return a file of the page by its name; only those that there are have one."""
    return _assets().get(name)
