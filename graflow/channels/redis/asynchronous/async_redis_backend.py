"""Backend of channels on a server of the Redis protocol, for coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from graflow.channels.backend import AsyncBackend
from graflow.channels.backend.by_calls import ThreadedBackend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Answer, Change, Check, Conflict, Held
from graflow.channels.redis.asynchronous.dialling import route_on_loop
from graflow.channels.redis.asynchronous.driver import carry_out_on_loop
from graflow.channels.redis.primitives import Primitives, base_of

if TYPE_CHECKING:
    from graflow.channels.redis.redis_backend import RedisBackend

__all__ = ["AsyncRedisBackend"]


class AsyncRedisBackend(AsyncBackend):
    """A channel's records on a Redis or Valkey server, for any number of event loops.

    Each loop has a connection to the server of its own (to each node of a cluster), which all
    handles share that are used on it, and over which all coroutines send at once.
    """

    backend: RedisBackend

    def __init__(self, backend: RedisBackend) -> None:
        """Be the awaitable form of a backend."""
        super().__init__(backend)
        self._on: dict[asyncio.AbstractEventLoop, Primitives] = {}

    @property
    def _primitives(self) -> Primitives:
        """What asks the server from the running loop."""
        loop = asyncio.get_running_loop()
        found = self._on.get(loop)
        if found is None or self.backend.is_closed:
            return self._primitives_on(loop)
        return found

    def _primitives_on(self, loop: asyncio.AbstractEventLoop) -> Primitives:
        if self.backend.is_closed:
            self._on = {}
            return self.backend.closed_primitives
        backend = self.backend
        route = route_on_loop(backend.endpoint, base_of(self.name), self.timeout)
        made = backend.primitives_on(route)
        self._on = {each: of for each, of in self._on.items() if not each.is_closed()} | {
            loop: made
        }
        return made

    @override
    async def read(self, keys: Sequence[str]) -> list[Held | None]:
        return await carry_out_on_loop(self._primitives.read(keys), self)

    @override
    async def commit(
        self, checks: Sequence[Check], changes: Sequence[Change]
    ) -> list[Answer] | Conflict:
        return await carry_out_on_loop(self._primitives.commit(checks, changes), self)

    @override
    async def keys(self, *, kept: bool = False) -> list[str]:
        return await carry_out_on_loop(self._primitives.keys(kept=kept), self)

    @override
    async def scan(self, prefix: str = "", *, kept: bool = False) -> AsyncIterator[list[str]]:
        scan = self._primitives.scan(prefix, kept=kept)
        while (found := await carry_out_on_loop(scan.step(), self)) is not None:
            yield found

    @override
    async def clear(self, *, kept: bool = False) -> None:
        await carry_out_on_loop(self._primitives.clear(kept=kept), self)

    @override
    async def get(self, key: str) -> Record | None:
        return await carry_out_on_loop(self._primitives.get(key), self)

    @override
    async def head(self, key: str, count: int) -> list[bytes]:
        return await carry_out_on_loop(self._primitives.head(key, count), self)

    @override
    async def exist(self, keys: Sequence[str]) -> list[bool]:
        return await carry_out_on_loop(self._primitives.exist(keys), self)

    @override
    async def digests(self, keys: Sequence[str]) -> list[str | None]:
        return await carry_out_on_loop(self._primitives.digests(keys), self)

    @override
    async def put(self, key: str, record: Record, ttl: int | None) -> None:
        await carry_out_on_loop(self._primitives.put(key, record, ttl), self)

    @override
    async def apply(self, change: Change) -> Any:
        return await carry_out_on_loop(self._primitives.apply(change), self)

    @override
    async def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        return await carry_out_on_loop(self._primitives.acquire(lock, owner, lease, least), self)

    @override
    async def line_up(self, lock: str, owner: str, patience: int) -> int:
        return await carry_out_on_loop(self._primitives.line_up(lock, owner, patience), self)

    @override
    async def renew(self, lock: str, owner: str, lease: int) -> bool:
        return await carry_out_on_loop(self._primitives.renew(lock, owner, lease), self)

    @override
    async def release(self, lock: str, owner: str) -> bool:
        return await carry_out_on_loop(self._primitives.release(lock, owner), self)

    @override
    async def close(self) -> None:
        """Close the connections, unless other handles share them; for threads as well."""
        self._on = {}
        await ThreadedBackend(self.backend).close()
        for _ in range(2):  # the loop closes the sockets
            await asyncio.sleep(0)
