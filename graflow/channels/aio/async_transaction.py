"""Transactions whose function is a coroutine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from typing_extensions import TypeForm, override

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_keyed_channel import AsyncKeyedChannel
from graflow.channels.aio.async_overlay import AsyncOverlay
from graflow.channels.aio.async_typed_channel import AsyncTypedChannel
from graflow.channels.arguments import Seconds
from graflow.channels.backend import AsyncBackend
from graflow.channels.overlay.transacting import check_ran

__all__ = ["AsyncTransaction"]

R = TypeVar("R")
T = TypeVar("T")


class AsyncTransaction(AsyncChannel):
    """A channel inside `AsyncChannel.transact`: it sees its own writes, and others don't yet.

    It has the operations of a channel, except that it takes no locks and can't be destroyed. As
    long as nobody looks at what `append`, `prepend`, `atomic_add`, `delete`, `touch` and `persist`
    return, they are never in conflict with others. After the function has returned it can't be
    used any more.

    Attributes:
        overlay: What it has read, and is going to change.
    """

    def __init__(self, backend: AsyncBackend) -> None:
        """Begin a transaction in front of a backend."""
        overlay = AsyncOverlay(backend)
        super().__init__(overlay)
        self.overlay = overlay.overlay

    def typed(self, schema: TypeForm[T], *, strict: bool = True) -> AsyncTypedChannel[T]:
        """Return the transaction behind a schema; see `TypedChannel`."""
        return AsyncTypedChannel(self, schema, strict=strict)

    def keyed(self, schema: TypeForm[T], *, strict: bool = True) -> AsyncKeyedChannel[T]:
        """Return the transaction with the keys and types of a `TypedDict`; see `KeyedChannel`."""
        return AsyncKeyedChannel(self, schema, strict=strict)

    @override
    async def transact(
        self,
        fn: Callable[[Self], Awaitable[R]],
        *,
        attempts: int | None = None,
        timeout: Seconds | None = None,
    ) -> R:
        """Call `fn` as a part of this transaction, which is what is tried again.

        If it raises, none of its changes happens, whatever becomes of the rest.
        """
        before = len(self.overlay.changes)
        try:
            result: R = await self.backend.call(fn, self)
            check_ran(fn, result)
        except BaseException:
            self.overlay.undo(before)
            raise
        return result
