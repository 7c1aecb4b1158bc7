"""Backend that measures each call, in front of one that a channel was opened on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from typing_extensions import override

from graflow.channels.backend import (
    Answer,
    AsyncBackend,
    Backend,
    BackendInFront,
    Change,
    Check,
    Conflict,
    Extent,
    Fence,
    Held,
    Record,
)
from graflow.channels.backend.by_calls import CallingBackend
from graflow.channels.backend.fronts import fronted
from graflow.channels.contents.tracking import Tracker, tracker_of
from graflow.otel.names import OPERATION
from graflow.otel.servers import Attributes, server_attributes

if TYPE_CHECKING:
    from graflow.otel.meters import Meters

__all__ = ["MeasuredBackend", "in_front"]

P = ParamSpec("P")
R = TypeVar("R")


class MeasuredBackend(BackendInFront):
    """A backend that records how long each call of another one takes, and changes nothing.

    It stands in front of all others: a read that a cache answers counts, and what is done inside a
    transaction does not, until it is committed. Whatever else the backend behind it has can be
    reached through it.
    """

    def __init__(
        self, inner: Backend, meters: Meters, attributes: dict[str, Attributes] | None = None
    ) -> None:
        """Stand in front of `inner`.

        Args:
            inner: The backend whose calls are measured.
            meters: What measurements are made with.
            attributes: Those of calls, as another backend on the same server has made them.
        """
        super().__init__(inner)
        self._meters = meters
        self._attributes = {} if attributes is None else attributes

    def __getattr__(self, name: str) -> Any:
        """Return what only the backend behind has, such as a way to keep its server running."""
        return getattr(self.inner, name)

    def __reduce__(self) -> tuple[Callable[[Backend], Backend], tuple[Backend]]:
        """Be measured in another process if that measures its own."""
        return fronted, (self.inner,)

    @property
    def server(self) -> str:
        """The name of the server, which a backend may learn late."""
        return self.inner.server

    @server.setter
    def server(self, name: str) -> None:
        """Take nothing: the backend behind knows."""

    def attributes_of(self, operation: str) -> Attributes:
        """Return the attributes of a call, made once."""
        found = self._attributes.get(operation)
        if found is None:
            found = {**server_attributes(self.server), OPERATION: operation}
            self._attributes[operation] = found
        return found

    def record_call(self, operation: str, began: float, error: BaseException | None = None) -> None:
        """Record that a call is over, which began at a moment of `perf_counter`."""
        self._meters.measure(perf_counter() - began, self.attributes_of(operation), error)

    def _timed(self, operation: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        began = perf_counter()
        try:
            answer = call(*args, **kwargs)
        except BaseException as error:
            self.record_call(operation, began, error)
            raise
        self.record_call(operation, began)
        return answer

    @override
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        return self._timed("read", self.inner.read, keys)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        return self._timed("commit", self.inner.commit, checks, changes)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return self._timed("keys", self.inner.keys, kept=kept)

    @override
    def clear(self, *, kept: bool = False) -> None:
        self._timed("clear", self.inner.clear, kept=kept)

    @override
    def get(self, key: str) -> Record | None:
        return self._timed("get", self.inner.get, key)

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        return self._timed("head", self.inner.head, key, count)

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return self._timed("exist", self.inner.exist, keys)

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        return self._timed("digests", self.inner.digests, keys)

    @override
    def scan(self, prefix: str = "", *, kept: bool = False) -> Iterator[list[str]]:
        parts = self.inner.scan(prefix, kept=kept)
        while (found := self._timed("scan", next, parts, None)) is not None:
            yield found

    @override
    def measure(self, keys: Sequence[str]) -> list[Extent | None]:
        return self._timed("measure", self.inner.measure, keys)

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        self._timed("put", self.inner.put, key, record, ttl)

    @override
    def apply(self, change: Change) -> Any:
        return self._timed(name_of(change), self.inner.apply, change)

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return self._timed("acquire", self.inner.acquire, lock, owner, lease, least)

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        return self._timed("line_up", self.inner.line_up, lock, owner, patience)

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return self._timed("renew", self.inner.renew, lock, owner, lease)

    @override
    def release(self, lock: str, owner: str) -> bool:
        return self._timed("release", self.inner.release, lock, owner)

    # Other backends, which are measured as well

    @property
    @override
    def fresh(self) -> Backend:
        fresh = self.inner.fresh
        return self if fresh is self.inner else self._around(fresh)

    @override
    def asynchronous(self) -> AsyncBackend:
        from graflow.otel.async_measured import AsyncMeasuredBackend  # noqa: PLC0415 - few need it

        inner = self.inner.asynchronous()
        if isinstance(inner, CallingBackend):
            return super().asynchronous()
        return AsyncMeasuredBackend(self, inner)

    @override
    def fenced(self, fence: Fence) -> Backend:
        return self._around(self.inner.fenced(fence))

    @override
    def beside(self, name: str) -> Backend:
        return self._around(self.inner.beside(name))

    @override
    def reopened(self) -> Backend:
        reopened = self.inner.reopened()
        return self if reopened is self.inner else self._around(reopened)

    def _around(self, inner: Backend) -> Backend:
        return MeasuredBackend(inner, self._meters, self._attributes)

    def tracker(self) -> Tracker:
        """Return what tells how the channel changes, for checkpoints."""
        return tracker_of(self.inner)

    def __repr__(self) -> str:
        """Show the backend behind."""
        return repr(self.inner)


def name_of(change: Change) -> str:
    """Return the name of the call that makes a change: `put`, `push`, `pop`, ..."""
    return type(change).__name__.lower()


def in_front(meters: Meters) -> Callable[[Backend], Backend]:
    """Return what puts a measuring backend in front of each that has none."""

    def place(backend: Backend) -> Backend:
        return backend if isinstance(backend, MeasuredBackend) else MeasuredBackend(backend, meters)

    return place
