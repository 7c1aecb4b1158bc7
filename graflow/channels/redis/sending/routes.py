"""Routes: where the commands of a channel go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from graflow.channels.redis.retrying import Effort
from graflow.channels.redis.sending.requests import Acquaintance, Attempt, Link, Part, Sending

__all__ = ["DirectRoute", "Route"]


class Route(Protocol):
    """Finds the server for a command."""

    @property
    def repeats(self) -> bool:
        """Whether a command may be sent more than once for one attempt."""

    @property
    def link(self) -> Link | None:
        """The way to the one server that there is, or `None` if it has to be found."""

    @property
    def acquaintance(self) -> Acquaintance:
        """What is known of the server that gets the next command."""

    def attempt(
        self,
        command: Sequence[Part],
        effort: Effort | None,
        deadline: float,
        writes: bool,
        *,
        shared: bool = False,
    ) -> Sending[Any]:
        """Make one attempt at a command, and return the reply; see `Attempt`."""


class DirectRoute:
    """The route to one server, or to whichever a link finds."""

    def __init__(self, link: Link) -> None:
        """Send everything over one link."""
        self.link: Link = link
        self.repeats = link.repeats

    @property
    def acquaintance(self) -> Acquaintance:
        """What is known of the server at the end of the link."""
        return self.link.acquaintance

    def attempt(
        self,
        command: Sequence[Part],
        effort: Effort | None,
        deadline: float,
        writes: bool,
        *,
        shared: bool = False,
    ) -> Sending[Any]:
        """Send the command over the link."""
        return (yield Attempt(self.link, command, effort, deadline, writes, shared=shared))
