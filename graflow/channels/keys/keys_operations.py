"""Operations of channels whose keys are declared in a class of `Keys`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from graflow.channels.arguments import check_key
from graflow.channels.backend import Backend, Delete
from graflow.channels.commits.commit import Commit, Steps
from graflow.channels.keys.key import Key
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys_listing import KeysListing
from graflow.channels.keys.values import Values
from graflow.channels.operation.keyed_operations import KeyedOperations
from graflow.channels.operation.listing import ListedKey
from graflow.channels.watching.changes import Selection

__all__ = ["KeysOperations"]


class KeysOperations(KeyedOperations[Key[Any]]):
    """The operations of a channel that has the keys of a class."""

    if TYPE_CHECKING:
        # What they take beside a key, and return, is a matter of the key; see `operands.py`.
        known: Callable[..., ListedKey]
        entry: Callable[..., Steps[Any]]
        get: Callable[..., Steps[Any]]
        wait_for: Callable[..., Steps[Any]]
        set: Callable[..., Steps[None]]
        add: Callable[..., Steps[bool]]
        update: Callable[..., Steps[Any]]
        append: Callable[..., Steps[int]]
        prepend: Callable[..., Steps[int]]

    def __init__(self, backend: Backend, listing: KeysListing) -> None:
        """Take the channel's backend, and the keys."""
        super().__init__(backend, listing)
        self._keys = listing

    def get_values(self, keys: Iterable[Key[Any]]) -> Steps[Values[Any]]:
        """Return what keys hold, read at one moment."""
        wanted = list(self._channel.check_iterable(keys))
        found = yield from self.get_many(wanted)
        return Values({key: found[key.name] for key in wanted if key.name in found})

    def present(self, pattern: KeyPattern[Any] | None) -> Steps[list[Key[Any]]]:
        """Return the keys that have a value: all of the class, or those of a pattern."""
        if pattern is not None:
            pattern = self._keys.own_pattern(pattern)
            names = sorted((yield from self._channel.keys()))
            return [key for name in names if (key := pattern.key(name)) is not None]
        return [self._keys.key(name) for name in (yield from self.keys())]

    @override
    def clear(self) -> Steps[None]:
        """Remove the keys of the class, with those that patterns make of what is there now."""
        names = yield from self.keys()
        if names:
            yield Commit((), [Delete(check_key(name)) for name in names])

    def watched(self, key: Key[Any] | KeyPattern[Any] | None) -> Selection:
        """Check the argument of `watch`, and return the keys that it stands for."""
        if isinstance(key, KeyPattern):
            matches = self._keys.own_pattern(key).match
            return Selection(suits=lambda name: matches(name) is not None)
        if key is None and self._keys.has_patterns:
            return Selection(suits=self._keys.has)
        return self.selection(key, None)
