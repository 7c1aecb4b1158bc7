"""`MemoryChannel`: a channel inside one process."""

from __future__ import annotations

from typing import NoReturn

from graflow.channels.base import Channel
from graflow.channels.memory.memory_backend import MemoryBackend, refuse_pickling
from graflow.channels.memory.store import MemorySpace

__all__ = ["MemoryChannel", "MemorySpace"]


class MemoryChannel(Channel):
    """A channel in the memory of one process, shared by its threads.

    Handles with the same space and the same name share their keys; a handle made without a
    space gets its own. A forked process has a snapshot of the channel in which no lock is held;
    from then on neither process sees what the other one stores.
    """

    def __init__(self, name: str = "default", *, space: MemorySpace | None = None) -> None:
        """Open a handle on the channel called `name`.

        Args:
            name: Non-empty text.
            space: The space that keeps the keys; a new one by default.
        """
        super().__init__(MemoryBackend(name, MemorySpace() if space is None else space))

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, because another process could not see the keys."""
        refuse_pickling(self.name)
