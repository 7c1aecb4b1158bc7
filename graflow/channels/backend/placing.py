"""The place in front of the backend of each new handle, which telemetry takes when it is on."""

from __future__ import annotations

from collections.abc import Callable

from graflow.channels.backend.synchronous import Backend

__all__ = ["place_in_front", "placed"]

_place: Callable[[Backend], Backend] | None = None


def place_in_front(place: Callable[[Backend], Backend] | None) -> None:
    """Say what stands in front of the backends of handles that are made from now on.

    Args:
        place: Takes a backend, and returns one in front of it, or the same one if it stands in
            front of one already. `None`: nothing.
    """
    global _place  # noqa: PLW0603
    _place = place


def placed(backend: Backend) -> Backend:
    """Return what a new handle is to use in the place of a backend."""
    return backend if _place is None else _place(backend)
