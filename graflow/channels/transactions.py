"""Transactions: several operations that happen at one moment, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeVar

from typing_extensions import TypeForm

from graflow.channels.arguments import Seconds
from graflow.channels.backend import Backend
from graflow.channels.base import Channel
from graflow.channels.keyed import KeyedChannel
from graflow.channels.overlay.overlay import Overlay
from graflow.channels.overlay.transacting import check_ran
from graflow.channels.typed import TypedChannel

__all__ = ["Transaction"]

R = TypeVar("R")
T = TypeVar("T")


class Transaction(Channel):
    """A channel inside `Channel.transact`: it sees its own writes, and others don't yet.

    It has the operations of a channel, except that it takes no locks and can't be destroyed. What
    `append`, `prepend`, `atomic_add`, `delete`, `touch` and `persist` return is looked up only if
    it is used: as long as it isn't, they are never in conflict with others. After the function has
    returned it can't be used any more.

    Attributes:
        overlay: What it has read, and is going to change.
    """

    def __init__(self, backend: Backend) -> None:
        """Begin a transaction in front of a backend."""
        self.overlay = Overlay(backend)
        self._take(self.overlay)

    def typed(self, schema: TypeForm[T], *, strict: bool = True) -> TypedChannel[T]:
        """Return the transaction behind a schema; see `TypedChannel`."""
        return TypedChannel(self, schema, strict=strict)

    def keyed(self, schema: TypeForm[T], *, strict: bool = True) -> KeyedChannel[T]:
        """Return the transaction with the keys and types of a `TypedDict`; see `KeyedChannel`."""
        return KeyedChannel(self, schema, strict=strict)

    def transact(
        self,
        fn: Callable[[Self], R],
        *,
        attempts: int | None = None,
        timeout: Seconds | None = None,
    ) -> R:
        """Call `fn` as a part of this transaction, which is what is tried again.

        If it raises, none of its changes happens, whatever becomes of the rest.
        """
        before = len(self.overlay.changes)
        try:
            result = fn(self)
            check_ran(fn, result)
        except BaseException:
            self.overlay.undo(before)
            raise
        return result
