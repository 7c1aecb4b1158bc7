"""Eviction: servers that delete keys on their own when their memory is full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from graflow.channels.redis.errors import PASSING, code_of
from graflow.channels.redis.retrying import BROKEN, Effort, NotExecuted
from graflow.channels.redis.sending.requests import Part, Sending
from graflow.channels.redis.sending.routes import Route

__all__ = ["Policy", "policy_of"]

_KEEPS_ALL = "noeviction"
_QUESTIONS: tuple[tuple[Part, ...], ...] = (("INFO", "memory"), ("CONFIG", "GET", "maxmemory*"))


@dataclass(frozen=True, slots=True)
class Policy:
    """What a server does when its memory is full.

    Attributes:
        name: Its `maxmemory-policy`.
        limit: Its `maxmemory` in bytes; 0 if there is no limit.
    """

    name: str
    limit: int

    @property
    def is_safe(self) -> bool:
        """Whether the server keeps what it has: it refuses writes instead, or has no limit."""
        return self.name == _KEEPS_ALL or not self.limit

    def __str__(self) -> str:
        """Show both settings as in a configuration file."""
        return f"maxmemory-policy {self.name}, maxmemory {self.limit:,}"


def policy_of(route: Route, effort: Effort | None, deadline: float) -> Sending[Policy | None]:
    """Ask a server for its policy; `None` if the user has no right to know.

    Args:
        route: In a cluster, it leads to the node that has the channel.
        effort: As for `Attempt`; the same goes for the deadline.
        deadline: When it must have been answered.

    Raises:
        NotExecuted: The server did not answer.
        redis.exceptions.ResponseError: It can't answer at present.
    """
    for question in _QUESTIONS:
        try:
            reply = yield from route.attempt(question, effort, deadline, False, shared=True)
            found = dict(_settings(reply))
        except ResponseError as error:
            if code_of(error) in PASSING:
                raise
        except BROKEN as error:
            raise NotExecuted from error
        else:
            if "maxmemory-policy" in found:
                return Policy(found["maxmemory-policy"], int(found.get("maxmemory", "0")))
    return None


def _settings(reply: Any) -> Iterator[tuple[str, str]]:
    """Yield names and values, whether a reply is text, a list or a mapping."""
    if isinstance(reply, bytes):
        for line in reply.decode(errors="replace").splitlines():
            name, _, value = line.partition(":")
            yield name.replace("_", "-"), value
    elif isinstance(reply, Mapping):
        for key, value in reply.items():
            yield _text(key).replace("_", "-"), _text(value)
    else:
        for key, value in zip(reply[::2], reply[1::2], strict=True):
            yield _text(key), _text(value)


def _text(part: object) -> str:
    return part.decode() if isinstance(part, bytes) else str(part)
