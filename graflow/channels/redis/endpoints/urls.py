"""URLs of servers, checked so that no part of a password is taken for anything else."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urlsplit

__all__ = ["fault_of"]

_ADVICE = (
    "quote the characters that URLs reserve (/ as %2F, # as %23, ? as %3F, @ as %40), or pass "
    "username= and password="
)
_WITH_TEXT = frozenset({"username", "password", "client_name"})


def fault_of(url: str) -> str | None:
    """Return why a URL can't be taken, in words that show nothing of it, or `None`.

    The first `/`, `?` or `#` ends the part with user, password and host. In a password, it would
    make the port of what is before it, and a path, options or a fragment of what follows.
    """
    try:
        parts = urlsplit(url)
        is_whole = _has_address(parts)
    except ValueError:
        return f"host or port can't be read; {_ADVICE}"
    if not is_whole:
        return f"host or port can't be read; {_ADVICE}"
    if "#" in url or _has_stray_at(parts):
        return f"user, password and host can't be told apart; {_ADVICE}"
    if not _has_database(parts):
        return f"what follows the host is not the number of a database; {_ADVICE}"
    return None


def _has_address(parts: SplitResult) -> bool:
    """Tell whether a URL names a socket, or a host that can be one.

    Raises:
        ValueError: No port, or no host, can be written like this.
    """
    if parts.scheme == "unix":
        return bool(parts.netloc or parts.path.strip("/"))
    unquote(parts.hostname or "").encode("idna")  # as sockets do
    return parts.port != 0  # redis-py would take it for the usual one


def _has_database(parts: SplitResult) -> bool:
    """Tell whether the path is a number, if it matters: redis-py would take 0 for anything else."""
    number = unquote(parts.path).replace("/", "")
    return parts.scheme == "unix" or not number or (number.isascii() and number.isdecimal())


def _has_stray_at(parts: SplitResult) -> bool:
    """Tell whether there is an `@` that may have been meant as the one before the host."""
    if parts.scheme == "unix" and (not parts.netloc or parts.hostname):
        return bool(parts.netloc)  # the host that a Unix socket has not
    options = [option.partition("=") for option in parts.query.split("&")]
    return "@" in parts.path or any(
        "@" in name + value and name not in _WITH_TEXT for name, _, value in options
    )
