"""`Gate`: which requests come from the reader who was given the page's address."""

from __future__ import annotations

import hmac
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["Gate", "is_loopback"]


class Gate:
    """A check of each request: who asks, and under which name of this machine.

    Another page in the reader's browser can send requests here, too. It can't read an answer, as
    nothing allows it to. But a name of its own that it lets point to this machine (DNS rebinding)
    would make it a part of us to the browser; so only names are taken that nobody else owns.

    Attributes:
        cookie: The name of the cookie that stands for the token. It has the port in it, as browsers
            don't tell the cookies of two ports of a machine apart.
    """

    def __init__(self, token: str, host: str, port: int) -> None:
        """Take the token, and the address at which the server listens."""
        self._token = token.encode()
        self._is_local = is_loopback(host)
        self._names = {"localhost"} if self._is_local else {"localhost", socket.gethostname()}
        self._names = {name.lower() for name in (*self._names, host)}
        self.cookie = f"graflow_ui_{port}"

    def knows_host(self, host: str | None) -> bool:
        """Tell whether a `Host` header names this machine in a way that no stranger can arrange.

        The port may be any: the page may be reached through a tunnel.
        """
        try:
            name = (urlsplit(f"//{host or ''}").hostname or "").lower()
        except ValueError:
            return False
        try:
            address = ip_address(name)
        except ValueError:
            return name in self._names
        return address.is_loopback or not self._is_local

    def takes(self, token: str) -> bool:
        """Tell whether a token is the right one, in a time that says nothing of how wrong it is."""
        return hmac.compare_digest(token.encode(errors="replace"), self._token)

    def has_cookie(self, header: str | None) -> bool:
        """Tell whether a `Cookie` header has the token."""
        # By hand: what `http.cookies` can't read of another program's cookie hides those after it.
        pairs = [pair.strip().partition("=") for pair in (header or "").split(";")]
        return any(name == self.cookie and self.takes(value) for name, _, value in pairs)

    def set_cookie(self) -> str:
        """Return the header by which a browser keeps the token, and shows it to no script."""
        token = self._token.decode()
        return f"{self.cookie}={token}; Path=/; HttpOnly; SameSite=Strict"


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
