"""`Handle`: what channels, and what stands in front of them, have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

from graflow.channels.arguments import Seconds
from graflow.channels.backend import Backend
from graflow.channels.commits.commit import NotAList, Steps
from graflow.channels.operation.told_errors import blame, no_list_to_grow
from graflow.exceptions import ChannelError

if TYPE_CHECKING:
    from graflow.channels.operation.operations import Operations

__all__ = ["Handle"]

K_contra = TypeVar("K_contra", contravariant=True)
R = TypeVar("R")


class Handle(ABC, Generic[K_contra]):
    """A handle on a channel, whose operations are performed on a backend.

    `K_contra` is what its users write for a key.

    Attributes:
        backend: Where the records are kept.
    """

    backend: Backend

    @property
    def name(self) -> str:
        """The channel's name."""
        return self.backend.name

    def __enter__(self) -> Self:
        """Return it; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Release what the handle opened; the stored data stays."""

    @abstractmethod
    def exists(self, key: K_contra) -> bool:
        """Tell whether `key` has a value."""

    def __contains__(self, key: K_contra, /) -> bool:
        """Tell whether `key` has a value, as `exists` does."""
        return self.exists(key)

    # A loop would be over keys that change meanwhile; those of one moment are `keys()`. Without
    # this, Python would go by the `__getitem__` of a backend that has one.
    __iter__: ClassVar[None] = None

    def _push(
        self, operations: Operations, key: str, value: object, ttl: Seconds | None, at_head: bool
    ) -> int:
        # As `_perform` would do it, without the steps in between.
        try:
            push = operations.push(key, value, ttl, at_head)
            try:
                length: int = self.backend.apply(push)
            except NotAList:
                raise no_list_to_grow(self.name, push) from None
        except ChannelError as error:
            blame(error, self.name, None)
        return length

    def _perform(self, steps: Steps[R]) -> R:
        try:
            return self.backend.perform(steps)
        except ChannelError as error:
            blame(error, self.name, None)
