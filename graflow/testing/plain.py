"""The plain way: a backend without any of the short cuts that it takes for speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from typing_extensions import override

from graflow.channels.backend import (
    Answer,
    Backend,
    Change,
    Check,
    Conflict,
    Held,
    Holds,
    Unlocked,
)
from graflow.channels.base import Channel
from graflow.channels.commits.lock_records import holder_in
from graflow.channels.hidden_keys import lock_key

__all__ = ["PlainBackend", "plain"]

C = TypeVar("C", bound=Channel)


def plain(channel: C) -> C:
    """Return a handle on the same channel that goes the plain way.

    Locks that it takes are no locks to handles that go the short way.
    """
    return channel.on(PlainBackend(channel.backend))


class PlainBackend(Backend):
    """A backend of which only what every backend has to write is used, and what follows from it.

    Whatever a backend overrides for speed has to mean the same as this.
    """

    def __init__(self, inner: Backend) -> None:
        """Stand in front of a backend."""
        super().__init__(inner.name)
        self.shared, self.server, self.timeout = inner.shared, inner.server, inner.timeout
        self.inner = inner

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return self.inner.read(keys)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        known: list[Check] = []
        for check in checks:
            if not isinstance(check, Unlocked):
                known.append(check)
                continue
            # `inner` may keep its locks elsewhere, and these are where `Backend` puts them.
            record = self.inner.get(lock_key(check.lock))
            if record is not None and holder_in(record) != check.owner:
                return Conflict(check.lock)
            known.append(Holds(lock_key(check.lock), record))
        return self.inner.commit(known, changes)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return self.inner.keys(kept=kept)

    @override
    def clear(self, *, kept: bool = False) -> None:
        self.inner.clear(kept=kept)

    @override
    def close(self) -> None:
        self.inner.close()

    @property
    @override
    def address(self) -> str:
        return self.inner.address

    @override
    def beside(self, name: str) -> Backend:
        return PlainBackend(self.inner.beside(name))

    @override
    def reopened(self) -> Backend:
        return PlainBackend(self.inner.reopened())
