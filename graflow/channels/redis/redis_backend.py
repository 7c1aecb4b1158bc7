"""Backend of channels on a server of the Redis protocol, for threads."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self
from weakref import finalize

from typing_extensions import override

from graflow.channels.backend import AsyncBackend, Backend, Extent, Fence, Signals
from graflow.channels.backend.by_calls import ThreadedBackend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held, Push
from graflow.channels.redis.asynchronous.async_redis_backend import AsyncRedisBackend
from graflow.channels.redis.asynchronous.dialling import can_dial
from graflow.channels.redis.endpoints.endpoint import Endpoint
from graflow.channels.redis.primitives import Primitives, base_of
from graflow.channels.redis.push.pushes import pushes_of
from graflow.channels.redis.scanning.channel_names import channel_names
from graflow.channels.redis.sending.closed import ClosedTransport
from graflow.channels.redis.sending.requests import carry_out
from graflow.channels.redis.sending.routes import Route
from graflow.channels.redis.sending.transport import Transport
from graflow.exceptions import ChannelTypeError

if TYPE_CHECKING:
    from graflow.channels.redis.embedded.server import EmbeddedServer

__all__ = ["RedisBackend"]


class RedisBackend(Backend):
    """A channel's records on a Redis or Valkey server.

    Attributes:
        endpoint: The server, and how to connect to it.
        allow_eviction: Whether the server may delete keys on its own.
        is_closed: Whether `close` was called.
    """

    is_closed = False
    _signals: Signals | None = None

    # Defaults for one whose `__init__` failed, which a traceback may show.
    name = ""
    _primitives = Primitives("", 0, ClosedTransport("not open"), None)

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        timeout: float,
        *,
        allow_eviction: bool,
        server: str = "",
        neighbour: Backend | None = None,
    ) -> None:
        """Keep the records of the channel called `name`.

        Args:
            name: Non-empty text.
            endpoint: The server, and how to connect to it.
            timeout: Seconds that an operation may take on the server in total.
            allow_eviction: Whether the server may delete keys on its own.
            server: The server's name, if its address is not its name.
            neighbour: A backend that keeps the server running.
        """
        super().__init__(name)
        self.endpoint, self.timeout = endpoint, timeout
        self.allow_eviction = allow_eviction
        self.server = server or endpoint.name
        self._neighbour = neighbour
        self._stop_server: Callable[[], object] | None = None
        self._fence: Fence | None = None
        self._open()

    def _open(self) -> None:
        self._primitives = self.primitives_on(self.endpoint.route(base_of(self.name), self.timeout))

    def primitives_on(self, route: Route) -> Primitives:
        """Return what asks for this channel's records on a route to its server."""
        transport = Transport(
            route,
            self.endpoint.name,
            self.timeout,
            passwords=self.endpoint.passwords,
            allow_eviction=self.allow_eviction,
            channel=self.name,
        )
        return Primitives(self.name, self.timeout, transport, self._fence)

    @property
    @override
    def address(self) -> str:
        return self._primitives.transport.server

    def __repr__(self) -> str:
        """Show the name and the server, without user and password."""
        return f"RedisBackend({self.name!r}, {self.address})"

    def __getstate__(self) -> dict[str, Any]:
        """Return the channel and its server, credentials included, for another process.

        Raises:
            ChannelTypeError: A setting of the client can't be pickled.
        """
        try:
            endpoint = pickle.dumps(self.endpoint)
        except Exception as error:
            raise ChannelTypeError(
                f"a channel on this client can't be pickled: {error}; make the channel from a "
                "URL, or from a client whose settings can be pickled",
                channel=self.name,
            ) from error
        return {
            "name": self.name,
            "timeout": self.timeout,
            "allow_eviction": self.allow_eviction,
            "fence": self._fence,
            "endpoint": endpoint,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        endpoint = pickle.loads(state["endpoint"])
        self.__init__(  # type: ignore[misc]
            state["name"], endpoint, state["timeout"], allow_eviction=state["allow_eviction"]
        )
        self._fence = state["fence"]
        self._open()

    def keep_running(self, server: EmbeddedServer) -> None:
        """Keep a server running until this is closed, or nobody has it any more."""
        self.server = f"embedded://{server.home}"
        self._stop_server = finalize(self, server.release)

    @override
    def beside(self, name: str) -> Self:
        """Return a backend of another channel on the same server, which it keeps running."""
        other = type(self)(
            name,
            self.endpoint,
            self.timeout,
            allow_eviction=self.allow_eviction,
            server=self.server,
            neighbour=self,
        )
        if name == self.name and self._fence is not None:
            other._fence = self._fence  # another handle is no way round it
            other._open()
        return other

    @override
    def names_beside(self) -> Iterator[str]:
        return channel_names(self.endpoint, self.timeout)

    @override
    def reopened(self) -> Self:
        return self.beside(self.name)

    @override
    def fenced(self, fence: Fence) -> Self:
        other = self.beside(self.name)
        other._fence = fence
        other._open()
        return other

    @override
    def asynchronous(self) -> AsyncBackend:
        if not can_dial(self.endpoint):
            return ThreadedBackend(self)
        return AsyncRedisBackend(self)

    @override
    def close(self) -> None:
        self.is_closed = True
        self._primitives = self.closed_primitives
        if self._signals is not None:
            self._signals.tell(None)  # who waits here looks again, and is told
        if self._stop_server is not None:
            self._stop_server()

    @property
    def closed_primitives(self) -> Primitives:
        """What says that this handle is closed."""
        return Primitives(self.name, 0, ClosedTransport(self.address, self.name), None)

    # What primitives do

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return carry_out(self._primitives.read(keys), self)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        return carry_out(self._primitives.commit(checks, changes), self)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return carry_out(self._primitives.keys(kept=kept), self)

    @override
    def scan(self, prefix: str = "", *, kept: bool = False) -> Iterator[list[str]]:
        scan = self._primitives.scan(prefix, kept=kept)
        while (found := carry_out(scan.step(), self)) is not None:
            yield found

    @override
    def clear(self, *, kept: bool = False) -> None:
        carry_out(self._primitives.clear(kept=kept), self)

    @override
    def get(self, key: str) -> Record | None:
        return self._primitives.get_here(key)

    @override
    def head(self, key: str, count: int) -> list[bytes]:
        return carry_out(self._primitives.head(key, count), self)

    @override
    def exist(self, keys: Sequence[str]) -> list[bool]:
        return carry_out(self._primitives.exist(keys), self)

    @override
    def digests(self, keys: Sequence[str]) -> list[str | None]:
        return carry_out(self._primitives.digests(keys), self)

    @override
    def measure(self, keys: Sequence[str]) -> list[Extent | None]:
        return carry_out(self._primitives.measure(keys), self)

    @override
    def put(self, key: str, record: Record, ttl: int | None) -> None:
        if ttl is None and type(record) is bytes:  # as it nearly always is
            self._primitives.put_text_here(key, record)
        else:
            carry_out(self._primitives.put(key, record, ttl), self)

    @override
    def apply(self, change: Change) -> Any:
        if type(change) is Push:
            return self._primitives.push_here(change)
        return carry_out(self._primitives.apply(change), self)

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return carry_out(self._primitives.acquire(lock, owner, lease, least), self)

    @override
    def line_up(self, lock: str, owner: str, patience: int) -> int:
        return carry_out(self._primitives.line_up(lock, owner, patience), self)

    @override
    def renew(self, lock: str, owner: str, lease: int) -> bool:
        return carry_out(self._primitives.renew(lock, owner, lease), self)

    @override
    def release(self, lock: str, owner: str) -> bool:
        return carry_out(self._primitives.release(lock, owner), self)

    # For those who wait

    @override
    def signals(self) -> Signals:
        if self._signals is None:
            self._signals = pushes_of(self.endpoint).signals(base_of(self.name) + b"k:")
        return self._signals
