"""Front of channels: what stands before the backend of each new handle, if telemetry is on."""

from __future__ import annotations

from collections.abc import Callable

from graflow.channels.backend.synchronous import Backend

__all__ = ["fronted", "set_front"]

_front: Callable[[Backend], Backend] | None = None


def set_front(front: Callable[[Backend], Backend] | None) -> None:
    """Say what stands in front of the backends of handles that are made from now on.

    Args:
        front: Takes a backend, and returns one in front of it, or the same one if it stands in
            front of one already. `None`: nothing.
    """
    global _front  # noqa: PLW0603
    _front = front


def fronted(backend: Backend) -> Backend:
    """Return what a new handle is to use in the place of a backend."""
    return backend if _front is None else _front(backend)
