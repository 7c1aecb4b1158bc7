"""Iterators over the changes of a channel, for threads and for coroutines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self
from weakref import finalize

from typing_extensions import override

from graflow.channels.backend import AsyncBackend, Backend
from graflow.channels.watching.changes import KeyChange, News, Selection

__all__ = ["AsyncWatch", "Watch"]


class _Watching:
    """The changes of a channel, until it is closed or nobody has it any more."""

    def __init__(self, backend: Backend | AsyncBackend, selection: Selection) -> None:
        """Be told of changes from now on."""
        self._name = backend.name
        self._news = News(backend.signals(), selection, self._name)
        self._end = finalize(self, self._news.end)
        self._end.atexit = False

    @property
    def is_closed(self) -> bool:
        """Whether no more changes come."""
        return not self._end.alive

    def __repr__(self) -> str:
        """Show the channel's name."""
        return f"{type(self).__name__}({self._name!r})"


class Watch(_Watching, Iterator[KeyChange]):
    """An iterator over the changes of a channel, which waits for the next one.

    It never ends by itself. It is for one thread at a time; another one may close it. An error of
    the channel, such as `ChannelUnavailableError`, does not end it: whoever goes on is told what
    was missed.
    """

    def __init__(self, backend: Backend, selection: Selection, *, start: bool) -> None:
        """Watch a channel.

        Args:
            backend: The channel's.
            selection: The keys that matter.
            start: Whether what is there at the beginning counts as a change.
        """
        super().__init__(backend, selection)
        self._backend = backend
        if not start:
            backend.perform(self._news.skip())

    @override
    def __next__(self) -> KeyChange:
        """Wait for a change, and return it."""
        if self.is_closed:
            raise StopIteration
        change = self._backend.perform(self._news.next())
        if change is None:
            raise StopIteration
        return change

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

    def close(self) -> None:
        """Watch nothing any more: the iterator has ended, for whoever waits as well."""
        self._end()


class AsyncWatch(_Watching, AsyncIterator[KeyChange]):
    """An asynchronous iterator over the changes of a channel; see `Watch`.

    Without `start`, what is there when it is entered, or first asked, is taken as known.
    """

    def __init__(self, backend: AsyncBackend, selection: Selection, *, start: bool) -> None:
        """Watch a channel; see `Watch`."""
        super().__init__(backend, selection)
        self._backend = backend
        self._skips = not start

    async def _begin(self) -> None:
        if self._skips:
            await self._backend.perform(self._news.skip())
            self._skips = False

    @override
    async def __anext__(self) -> KeyChange:
        """Wait for a change, and return it."""
        if self.is_closed:
            raise StopAsyncIteration
        await self._begin()
        change = await self._backend.perform(self._news.next())
        if change is None:
            raise StopAsyncIteration
        return change

    async def __aenter__(self) -> Self:
        """Return it; leaving the block closes it."""
        await self._begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Watch nothing any more: the iterator has ended, for whoever waits as well."""
        self._end()
