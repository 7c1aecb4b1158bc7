"""Places: what a URL on the command line leads to, opened without making anything."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from graflow.channels.base import Channel
from graflow.channels.factory import ChannelFactory
from graflow.command.failures import BadArgument
from graflow.exceptions import ChannelError, ChannelPermissionError, ChannelUnavailableError

__all__ = ["PASSWORD", "is_on_server", "opened", "place"]

PASSWORD: Final = "GRAFLOW_PASSWORD"
"""The variable with the password of a server whose URL has none."""

_SERVER: Final = re.compile(r"(rediss?(\+cluster)?|unix)://", re.IGNORECASE)
_PATIENCE: Final = 5.0  # seconds to wait for a server to accept a connection


@contextmanager
def opened(url: str, name: str, *, writes: bool = False) -> Iterator[Channel]:
    """Open a channel at a URL, in a `with` block.

    Args:
        url: As users write it.
        name: The channel's name.
        writes: Whether it is to be changed; then it must be on a server that keeps what it is
            given.

    Raises:
        BadArgument: The URL leads to nothing that others can see.
        ChannelError: There is nothing, or it can't be opened.
    """
    channel = _open(url, name, writes=writes)
    with channel:
        if not is_on_server(channel):
            yield channel
            return
        _knock(channel)
        cluster = _cluster_url(channel, url)
        if cluster is None:
            yield channel
            return
    with _open(cluster, name, writes=writes) as channel:
        yield channel


def place(url: str) -> Any:
    """Open a place of which no channel is known yet, in a `with` block, as `opened` does."""
    return opened(url, "default")


def is_on_server(channel: Channel) -> bool:
    """Tell whether a channel is on a server of the Redis protocol."""
    return hasattr(channel.backend, "endpoint")


def _open(url: str, name: str, *, writes: bool) -> Channel:
    options: dict[str, Any] = {}
    if _SERVER.match(url):
        options["allow_eviction"] = not writes  # looking does no harm
        if password := os.environ.get(PASSWORD):
            options["password"] = password
    channel = ChannelFactory.from_url(url, name, create=False, **options)
    if not channel.shared:
        raise BadArgument("what is in memory can only be seen by the program that has it")
    return channel


def _knock(channel: Channel) -> None:
    """Require that a server accepts connections: a channel would ask again for a while.

    Raises:
        ChannelUnavailableError: It does not.
    """
    endpoint = channel.backend.endpoint  # type: ignore[attr-defined]
    settings = endpoint.settings
    usual = settings.get("host", "localhost"), settings.get("port", 6379)
    address, *_ = getattr(endpoint, "nodes", ()) or [usual]
    try:
        if "path" in settings:
            with socket.socket(socket.AF_UNIX) as knocking:
                knocking.settimeout(_PATIENCE)
                knocking.connect(os.fspath(settings["path"]))
        else:
            socket.create_connection(address, timeout=_PATIENCE).close()
    except OSError as error:
        why = error.strerror or str(error)
        raise ChannelUnavailableError(
            f"the server {channel.backend.address} can't be reached: {why}"
        ) from error


def _cluster_url(channel: Channel, url: str) -> str | None:
    """Return the URL for a cluster, if the server of a channel turns out to be a node of one."""
    scheme, slashes, rest = url.partition("://")
    if slashes and scheme.lower() in {"redis", "rediss"} and _is_node(channel):
        return f"{scheme}+cluster://{rest}"
    return None


def _is_node(channel: Channel) -> bool:
    """Tell whether the server of a channel is a node of a cluster."""
    # Not at the top: redis-py is slow to import.
    from graflow.channels.redis.scanning.servers import asked, facts  # noqa: PLC0415

    try:
        return facts(channel.backend, "server").get("redis_mode") == "cluster"
    except ChannelPermissionError:
        pass
    try:
        return bool(asked(channel.backend)[0]("CLUSTER", "SLOTS"))
    except ChannelError:  # a server of no cluster refuses that; or so it does to this user
        return False
