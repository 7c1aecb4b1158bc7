"""Backends in front of other backends, which change some of what they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from typing_extensions import override

from graflow.channels.backend.async_in_front import AsyncFencedBackend
from graflow.channels.backend.asynchronous import AsyncBackend
from graflow.channels.backend.by_calls import CallingBackend
from graflow.channels.backend.extents import Extent
from graflow.channels.backend.fence import Fence
from graflow.channels.backend.signals import Signals
from graflow.channels.backend.synchronous import Backend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held, Holds

__all__ = ["BackendInFront", "FencedBackend"]


class BackendInFront(Backend):
    """A backend in front of another one, which does all that a class derived from this leaves."""

    def __init__(self, inner: Backend) -> None:
        """Stand in front of `inner`."""
        self.name = inner.name
        self.shared, self.server, self.timeout = inner.shared, inner.server, inner.timeout
        self.prompt = inner.prompt
        self.inner = inner

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return self.inner.read(keys)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        return self.inner.commit(checks, changes)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return self.inner.keys(kept=kept)

    @override
    def scan(self, prefix: str = "", *, kept: bool = False) -> Iterator[list[str]]:
        return self.inner.scan(prefix, kept=kept)

    @override
    def clear(self, *, kept: bool = False) -> None:
        self.inner.clear(kept=kept)

    @override
    def get(self, key: str) -> Record | None:
        return self.inner.get(key)

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        return self.inner.head(key, count)

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return self.inner.exist(keys)

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        return self.inner.digests(keys)

    @override
    def measure(self, keys: Sequence[str]) -> list[Extent | None]:
        return self.inner.measure(keys)

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return self.inner.acquire(lock, owner, lease, least)

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        return self.inner.line_up(lock, owner, patience)

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return self.inner.renew(lock, owner, lease)

    @override
    def release(self, lock: str, owner: str) -> bool:
        return self.inner.release(lock, owner)

    @override
    def signals(self) -> Signals:
        return self.inner.signals()

    @override
    def close(self) -> None:
        self.inner.close()

    @property
    @override
    def address(self) -> str:
        return self.inner.address

    @override
    def beside(self, name: str) -> Backend:
        return self.inner.beside(name)

    @override
    def names_beside(self) -> Iterator[str]:
        return self.inner.names_beside()

    @override
    def reopened(self) -> Backend:
        return self.inner.reopened()


class FencedBackend(BackendInFront):
    """A backend whose every commit also checks a fence, in front of one that knows of none."""

    def __init__(self, inner: Backend, fence: Fence) -> None:
        """Put a fence in front of a backend."""
        super().__init__(inner)
        self._fence = fence

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        fence = self._fence
        answers = self.inner.commit((Holds(fence.key, fence.record), *checks), changes)
        if isinstance(answers, Conflict) and answers.key == fence.key:
            raise fence.passed()
        return answers

    @override
    def asynchronous(self) -> AsyncBackend:
        inner = self.inner.asynchronous()
        if isinstance(inner, CallingBackend):
            return super().asynchronous()
        return AsyncFencedBackend(self, inner, self._fence)

    @override
    def beside(self, name: str) -> Backend:
        other = self.inner.beside(name)
        return FencedBackend(other, self._fence) if name == self.name else other

    @override
    def clear(self, *, kept: bool = False) -> None:
        self._check_fence()
        self.inner.clear(kept=kept)

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        self._check_fence()
        return self.inner.acquire(lock, owner, lease, least)

    def _check_fence(self) -> None:
        """Raise unless the fence stands, for the operations that are no commit."""
        if self.inner.get(self._fence.key) != self._fence.record:
            raise self._fence.passed()
