"""Servers of a channel, asked for what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graflow.channels.backend import Backend
from graflow.channels.redis.endpoints.endpoint import Endpoint
from graflow.channels.redis.sending.requests import Part, carry_out
from graflow.channels.redis.sending.transport import Transport

__all__ = ["asked", "facts", "parsed", "transports"]


def transports(endpoint: Endpoint, timeout: float) -> list[Transport]:
    """Return what sends commands to each server of an endpoint: of a cluster, to the primaries.

    Args:
        endpoint: The server, or the cluster.
        timeout: Seconds that a command may take.
    """
    passwords = endpoint.passwords
    return [
        Transport(route, endpoint.name, timeout, passwords=passwords, allow_eviction=True)
        for route in endpoint.routes(timeout)
    ]


def asked(backend: Backend) -> list[Callable[..., Any]]:
    """Return functions that ask the servers of a backend, one each, by a command that reads."""
    endpoint: Endpoint = backend.endpoint  # type: ignore[attr-defined]

    def asking(transport: Transport) -> Callable[..., Any]:
        def ask(*command: Part) -> Any:
            return carry_out(transport.read(*command))

        return ask

    return [asking(each) for each in transports(endpoint, backend.timeout)]


def facts(backend: Backend, section: str) -> dict[str, str]:
    """Return what the first server says in a section of INFO."""
    return parsed(asked(backend)[0]("INFO", section))


def parsed(reply: Any) -> dict[str, str]:
    """Return what a reply to INFO says, by name."""
    lines = reply.decode(errors="replace").splitlines() if isinstance(reply, bytes) else []
    pairs = (line.partition(":") for line in lines if not line.startswith("#"))
    return {name: value for name, colon, value in pairs if colon}
