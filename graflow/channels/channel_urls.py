"""URLs of channels: which backend one names, and which file or directory."""

from __future__ import annotations

import os
import re
from typing import Any, Final, NamedTuple

from graflow.channels.redis.endpoints.passwords import Password
from graflow.exceptions import ChannelTypeError, ChannelValueError

__all__ = ["Place", "place_of"]

_SERVERS: Final = frozenset({"redis", "rediss", "unix"})
_CLUSTERS: Final = frozenset({"redis+cluster", "rediss+cluster"})
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):(?://)?", re.IGNORECASE)
_CREDENTIALS: Final = re.compile(r":[^/]*@")
_KNOWN: Final = (
    "redis://host:port/db, rediss://, unix://path, redis+cluster://host:port, sqlite:///path, "
    "memory:// and a directory of an embedded server"
)


class Place(NamedTuple):
    """What a URL names.

    Attributes:
        backend: `memory`, `redis`, `sqlite` or `embedded`.
        options: Those of the backend that are in the URL: `url` and `cluster`, or `path`.
    """

    backend: str
    options: dict[str, Any]


def place_of(url: str) -> Place:
    """Return what a URL names; its parts that may hold a password are concealed.

    Args:
        url: The URL of a server or a file, or the path of a directory.

    Raises:
        ChannelTypeError: It is not text.
        ChannelValueError: It is neither.
    """
    if not isinstance(url, str):
        raise ChannelTypeError(f"a URL must be a str, not {type(url).__name__}")
    url = Password(url)  # a traceback shows local variables
    scheme, is_url, rest = _parts(url)
    if not scheme:
        _refuse_password(url)
        return _directory("".join(url))
    if scheme in _SERVERS and is_url:
        return Place("redis", {"url": _joined(scheme, rest)})
    if scheme in _CLUSTERS and is_url:
        server = _joined(scheme.removesuffix("+cluster"), rest)
        return Place("redis", {"url": server, "cluster": True})
    if scheme == "sqlite" and is_url:
        return _file("".join(rest))
    if scheme == "memory" and not rest:
        return Place("memory", {})
    raise ChannelValueError(f"{scheme}: is not how the URL of a channel begins; there are {_KNOWN}")


def _parts(url: Password) -> tuple[str, bool, Password]:
    """Return the scheme, whether two slashes follow it, and the rest."""
    text = "".join(url)
    found = _SCHEME.match(text)
    if found is None:
        return "", False, url
    return found[1].lower(), found[0].endswith("//"), Password(text[found.end() :])


def _joined(scheme: str, rest: Password) -> Password:
    return Password("".join((scheme, "://", *rest)))


def _file(rest: str) -> Place:
    if not rest.startswith("/") or rest == "/":
        raise ChannelValueError(
            "the URL of a file has three slashes, sqlite:///folder/file.db, or four if the path "
            "begins at the root, sqlite:////folder/file.db"
        )
    if "\0" in rest:
        raise ChannelValueError("the path of a file has no zero byte in it")
    return Place("sqlite", {"path": rest[1:]})


def _refuse_password(url: Password) -> None:
    """Refuse a URL that is written wrong, so that nobody repeats it as the path of a directory."""
    if _CREDENTIALS.search("".join(url)) and not os.path.isdir("".join(url)):  # noqa: PTH112
        raise ChannelValueError(f"this is not how the URL of a channel begins; there are {_KNOWN}")


def _directory(path: str) -> Place:
    is_path = os.sep in path or (os.altsep is not None and os.altsep in path)
    if path and "\0" not in path and (is_path or os.path.exists(path)):  # noqa: PTH110 - it is text
        return Place("embedded", {"path": path})
    raise ChannelValueError(
        f"{path!r} is neither the URL of a channel nor a directory; there are {_KNOWN}"
    )
