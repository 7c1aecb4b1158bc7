"""Operations of channels behind a schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from typing_extensions import override

from graflow.channels.arguments import MISSING, Missing, check_key
from graflow.channels.backend import Commit, Conflict, Pop, StartsWith
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import Steps
from graflow.channels.operation.formats import Format
from graflow.channels.operation.operations import Operations, Taken
from graflow.channels.operation.reads import Get, Head

__all__ = ["ListFormat", "TypedOperations"]


class ListFormat(Format, Protocol):
    """A format that tells lists of values from values."""

    @property
    def load_items(self) -> Callable[[Record], list[Any]]:
        """A function from the items of a list to the values."""


class TypedOperations(Operations):
    """The operations of a channel whose values fit one schema."""

    __slots__ = ()

    _format: ListFormat

    def get_list(self, key: str, default: object = MISSING) -> Steps[Any]:
        """Return the list of values under a key, or a default that is not `MISSING`."""
        key = check_key(key)
        record = yield Get(key)
        if record is None:
            return self.default(key, default)
        return self._load(key, record, self._format.load_items)

    @override
    def _take_first(self, key: str) -> Steps[Taken | Missing]:
        """Do as for any channel, but leave an item that does not fit where it is."""
        while True:
            items: list[bytes] = yield Head(key, 1)
            if not items:
                return MISSING
            value = self._load(key, items[0])
            answers = yield Commit((StartsWith(key, (items[0],)),), (Pop(key),))
            if not isinstance(answers, Conflict):
                return items[0], value
