"""Names of the channels on a server, or on all nodes of a cluster, found by the keys there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from graflow.channels.redis.endpoints.endpoint import Endpoint
from graflow.channels.redis.scanning.servers import transports
from graflow.channels.redis.sending.requests import carry_out
from graflow.channels.redis.sending.transport import Transport

__all__ = ["channel_names"]

_AT_ONCE: Final = 1_000  # keys that a server goes through in one step
_INDEX: Final = re.compile(rb"graflow:\{([^{}:]+)\}:[ib]")
_INDICES: Final = "graflow:{*}:[ib]"


def channel_names(endpoint: Endpoint, timeout: float) -> Iterator[str]:
    """Yield the names of the channels that keep something, each once.

    Args:
        endpoint: The server, or the cluster.
        timeout: Seconds that a step may take.
    """
    seen: set[bytes] = set()
    for transport in transports(endpoint, timeout):
        for key in _indices(transport):
            index = _INDEX.fullmatch(key)
            if index is not None and index[1] not in seen:
                seen.add(index[1])
                yield unquote(index[1].decode())


def _indices(transport: Transport) -> Iterator[bytes]:
    """Yield the keys of a server that may be an index; a server may give one twice."""
    cursor = b"0"
    while True:
        question: tuple[Any, ...] = ("MATCH", _INDICES, "COUNT", _AT_ONCE, "TYPE", "zset")
        cursor, found = carry_out(transport.read("SCAN", cursor, *question))
        yield from found
        if cursor == b"0":
            return
