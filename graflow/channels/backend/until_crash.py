"""Backends that a planned crash ends: in front of another one, which nobody reaches after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from typing_extensions import override

from graflow.channels.backend.extents import Extent
from graflow.channels.backend.fence import Fence
from graflow.channels.backend.in_front import BackendInFront
from graflow.channels.backend.synchronous import Backend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held
from graflow.system.crashes import PlannedCrash

__all__ = ["BackendUntilCrash"]


class BackendUntilCrash(BackendInFront):
    """A backend whose every call raises `Crash` once the process counts as dead.

    Only what ends the tenure of a lock does nothing instead: it is called in the background, or on
    the way out, and the lock of a dead process stays until its lease ends.
    """

    def __init__(self, inner: Backend, crash: PlannedCrash) -> None:
        """Stand in front of `inner` until a crash, which wakes whoever waits for the channel."""
        super().__init__(inner)
        self.crash = crash

    def wake_when_it_happens(self) -> None:
        """Let those look again, when the crash happens, who wait for news of the channel."""
        self.crash.when_it_happens(lambda: self.inner.signals().tell(None))

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        self.crash.check()
        return super().read(keys)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        self.crash.check()
        return super().commit(checks, changes)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        self.crash.check()
        return super().keys(kept=kept)

    @override
    def clear(self, *, kept: bool = False) -> None:
        self.crash.check()
        super().clear(kept=kept)

    @override
    def get(self, key: str) -> Record | None:
        self.crash.check()
        return super().get(key)

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        self.crash.check()
        return super().head(key, count)

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        self.crash.check()
        return super().exist(keys)

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        self.crash.check()
        return super().digests(keys)

    @override
    def scan(self, prefix: str = "", *, kept: bool = False) -> Iterator[list[str]]:
        for found in super().scan(prefix, kept=kept):
            self.crash.check()
            yield found

    @override
    def measure(self, keys: Sequence[str]) -> list[Extent | None]:
        self.crash.check()
        return super().measure(keys)

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        self.crash.check()
        return super().acquire(lock, owner, lease, least)

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        return 0 if self.crash.has_happened else super().line_up(lock, owner, patience)

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return self.crash.has_happened or super().renew(lock, owner, lease)

    @override
    def release(self, lock: str, owner: str) -> bool:
        return self.crash.has_happened or super().release(lock, owner)

    @override
    def fenced(self, fence: Fence) -> Backend:
        return BackendUntilCrash(self.inner.fenced(fence), self.crash)

    @override
    def beside(self, name: str) -> Backend:
        return BackendUntilCrash(super().beside(name), self.crash)

    @override
    def reopened(self) -> Backend:
        return BackendUntilCrash(super().reopened(), self.crash)
