"""Clients of valkey-py: their settings in the words of redis-py, which is what a channel speaks.

Nothing is imported from valkey-py, which need not be installed unless there is such a client.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis
from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection

from graflow.exceptions import ChannelTypeError

__all__ = ["in_words_of_redis", "is_of_valkey", "refusal"]

_CONNECTIONS: Mapping[str, type] = {
    "Connection": redis.Connection,
    "SSLConnection": redis.SSLConnection,
    "UnixDomainSocketConnection": redis.UnixDomainSocketConnection,
    "SentinelManagedConnection": SentinelManagedConnection,
    "SentinelManagedSSLConnection": SentinelManagedSSLConnection,
}
_ITS_OWN = frozenset({"client_cache", "command_packer", "lib_name", "lib_version", "parser_class"})


def is_of_valkey(thing: object, *names: str) -> bool:
    """Tell whether something is an instance of a class of valkey-py, or of one of these names."""
    return any(
        kind.__module__.partition(".")[0] == "valkey" and (not names or kind.__name__ in names)
        for kind in type(thing).__mro__
    )


def refusal(what: str) -> ChannelTypeError:
    """Return the error for what can't be taken over from a client."""
    return ChannelTypeError(
        f"the client is one of valkey-py, and {what} can't be taken over from it: pass a client of "
        "redis-py, which speaks to Valkey as well, or a url"
    )


def in_words_of_redis(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a connection, and of its pool if they have a `connection_class`.

    Raises:
        ChannelTypeError: The connections are of a class of one's own.
    """
    spoken = {
        name.replace("valkey_connect_func", "redis_connect_func"): value
        for name, value in settings.items()
        if name not in _ITS_OWN and not name.startswith("cache_")
    }
    spoken.setdefault("protocol", 2)  # what valkey-py has where it is not said
    kind = spoken.get("connection_class")
    if kind is not None:
        if kind.__module__.partition(".")[0] != "valkey" or kind.__name__ not in _CONNECTIONS:
            raise refusal(f"the connection class {kind.__name__}")
        spoken["connection_class"] = _CONNECTIONS[kind.__name__]
        if issubclass(spoken["connection_class"], redis.SSLConnection):
            spoken.setdefault("ssl_check_hostname", False)
    return spoken
