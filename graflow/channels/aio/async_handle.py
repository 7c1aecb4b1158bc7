"""`AsyncHandle`: what the faces of a channel on an event loop have in common."""

from __future__ import annotations

from abc import ABC
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from graflow.channels.backend import AsyncBackend
from graflow.channels.commits.commit import Steps
from graflow.channels.operation.told_errors import blame
from graflow.exceptions import ChannelError

__all__ = ["AsyncHandle"]

R = TypeVar("R")


class AsyncHandle(ABC):
    """A handle on a channel, whose operations are awaited.

    Attributes:
        backend: Where the records are kept.
    """

    backend: AsyncBackend

    @property
    def name(self) -> str:
        """The channel's name."""
        return self.backend.name

    async def __aenter__(self) -> Self:
        """Return it; leaving the block closes it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Release what the channel opened, for threads as well; the stored data stays."""
        await self.backend.close()

    # As of a channel; `in` can't wait, so it is `exists` here.
    __iter__: ClassVar[None] = None
    __contains__: ClassVar[None] = None

    async def _perform(self, steps: Steps[R]) -> R:
        try:
            return await self.backend.perform(steps)
        except ChannelError as error:
            blame(error, self.name, None)
