"""The Lua scripts of `RedisChannel`, each one atomic step on the server."""

from __future__ import annotations

import re
from functools import cache, cached_property
from hashlib import sha1
from importlib.resources import files

__all__ = ["Script", "script"]

_USES = re.compile(r"^-- uses (.+)$", re.MULTILINE)


class Script:
    """A script and the name by which a server that has seen it knows it.

    Attributes:
        source: The Lua source.
        sha: What `EVALSHA` takes.
    """

    def __init__(self, source: str) -> None:
        """Take the source as it stands."""
        self.source = source.encode()
        self.sha = sha1(self.source, usedforsecurity=False).hexdigest().encode()

    @cached_property
    def fenced(self) -> Script:
        """The same script, refused unless a fence still holds; see `lua/fenced.lua`."""
        return Script(f"{_text('fenced')}\n{self.source.decode()}")


@cache
def script(name: str) -> Script:
    """Return the script `lua/{name}.lua` behind the functions that it says it uses."""
    return Script("\n".join(_sources(name).values()))


def _sources(name: str) -> dict[str, str]:
    """Return the source of each file that a script is made of, by name; its own is the last."""
    body = _text(name)
    uses = _USES.search(body)
    sources: dict[str, str] = {}
    for part in uses[1].split(", ") if uses else []:
        sources.update(_sources(part))
    return {**sources, name: body}


def _text(name: str) -> str:
    return (files(__package__) / "lua" / f"{name}.lua").read_text("utf-8")
