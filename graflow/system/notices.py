"""Notices of what happens rarely, to whoever counts it: to nobody, unless telemetry is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from graflow.system.clock import monotonic

__all__ = ["Listener", "Occurrence", "WaitNotice", "listen", "notice"]

Occurrence: TypeAlias = Literal["resend", "unknown_outcome", "lost_lock", "value", "item", "lock"]
"""What happened: something that counts, or, in the last three cases, what was waited for."""

Listener: TypeAlias = Callable[[Occurrence, str, float], object]
"""Takes what happened, the name of the server (`Backend.server`), and the seconds of a wait."""

_listener: Listener | None = None


def listen(listener: Listener | None) -> None:
    """Let somebody be told from now on, in the place of whoever was told before."""
    global _listener  # noqa: PLW0603
    _listener = listener


def notice(what: Occurrence, server: str, seconds: float = 0.0) -> None:
    """Tell of something that happened on a server."""
    if _listener is not None:
        _listener(what, server, seconds)


class WaitNotice:
    """A notice of a wait, unless what was wanted is there at once."""

    def __init__(self, what: Occurrence, server: str | None) -> None:
        """Prepare to wait for something on a server; with `None`, nobody is told."""
        self._what: Occurrence = what
        self._server = server
        self._since: float | None = None

    def begin(self) -> None:
        """Note that it is not there; the first time counts."""
        if self._since is None:
            self._since = monotonic()

    def end(self) -> None:
        """Tell for how long it was waited for."""
        if self._since is not None and self._server is not None:
            notice(self._what, self._server, monotonic() - self._since)
