"""Servers of channels, as attributes that say which system it is, and where."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from graflow.otel.names import PORT, SERVER, SYSTEM

__all__ = ["Attributes", "server_attributes"]

Attributes: TypeAlias = Mapping[str, str | int]

_REDIS: Final = ("redis", "rediss", "unix", "embedded")
_LOCAL: Final = ("unix", "embedded", "sqlite")  # they have a path, which may be a temporary one


@lru_cache(256)
def server_attributes(server: str) -> Attributes:
    """Return what is known of a server by its name, without the names of files.

    Args:
        server: As of `Backend.server`. Of several addresses, the first one is meant.
    """
    if not server:
        return {SYSTEM: "memory"}
    scheme, separator, rest = server.partition("://")
    if not separator:
        return {SYSTEM: "redis" if server.startswith("behind the ") else "other"}
    scheme = scheme.partition("+")[0]
    found: dict[str, str | int] = {SYSTEM: "redis" if scheme in _REDIS else scheme}
    host, _, port = rest.partition("/")[0].partition(",")[0].rpartition(":")
    if scheme not in _LOCAL and host and port.isdecimal():
        found |= {SERVER: host, PORT: int(port)}
    return found
