"""Operations of channels without a schema."""

from __future__ import annotations

from typing_extensions import override

from graflow.channels.arguments import (
    MISSING,
    Missing,
    Seconds,
    check_key,
    check_number,
    milliseconds,
)
from graflow.channels.backend import Add, Backend, Commit, Expire, NotANumber, Pop
from graflow.channels.codec.codec import decode
from graflow.channels.commits.commit import Steps
from graflow.channels.operation.formats import PLAIN
from graflow.channels.operation.operations import Operations, Taken
from graflow.channels.operation.reads import Clear
from graflow.channels.operation.told_errors import blame, no_number
from graflow.exceptions import ChannelError

__all__ = ["PlainOperations"]


class PlainOperations(Operations):
    """The operations of a channel whose values are whatever the codec can write."""

    __slots__ = ()

    def __init__(self, backend: Backend) -> None:
        """Take the channel's backend; see `Operations`."""
        super().__init__(backend, PLAIN)

    def atomic_add(
        self, key: str, amount: object = 1, ttl: Seconds | None = None
    ) -> Steps[int | float]:
        """Add to a number, and return the sum; the key keeps its TTL, unless another is given."""
        key = check_key(key)
        try:
            add = Add(key, check_number(amount))
            if ttl is None:
                total = yield add
            else:
                total, _ = yield Commit((), (add, Expire(key, milliseconds(ttl))))
        except NotANumber:
            raise no_number(self._name, key) from None
        except ChannelError as error:
            blame(error, self._name, key)
        return decode(total) if isinstance(total, bytes) else total  # type: ignore[no-any-return]

    @override
    def _take_first(self, key: str) -> Steps[Taken | Missing]:
        item = yield Pop(key)
        return MISSING if item is None else (item, self._load(key, item))

    def destroy(self) -> Steps[None]:
        """Remove all keys, and all that is kept about the channel."""
        yield Clear(kept=True)
