"""`KeysListing`: the keys of a class of `Keys`, with what their values are checked against."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from typing_extensions import override

from graflow.channels.codec.reprs import short_repr
from graflow.channels.hidden_keys import HiddenKey
from graflow.channels.keys.key import Key, ResultKey
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys import Keys
from graflow.channels.listed_keys import listed_key
from graflow.channels.operation.listing import ListedKey, Listing
from graflow.exceptions import ChannelTypeError, SchemaError

__all__ = ["KeysListing"]


class KeysListing(Listing[Key[Any]]):
    """The keys of a class of `Keys`: those with names, and those that patterns make."""

    def __init__(self, keys: type[Keys], *, strict: bool, results: str = "") -> None:
        """Read a class.

        Args:
            keys: The class.
            strict: Whether values that would have to be coerced are refused.
            results: What the keys begin with, as they are stored, under which a run keeps the
                results of its tasks; empty if they are under the keys that users know.

        Raises:
            SchemaError: It is not such a class, or the type of a key can't be a schema.
        """
        given: object = keys
        if not (isinstance(given, type) and issubclass(given, Keys)):
            raise SchemaError(f"a class of Keys is needed, not {short_repr(keys)}")
        names: dict[str, ListedKey] = {}
        self._keys: dict[str, Key[Any]] = {}
        self._patterns: dict[str, tuple[KeyPattern[Any], ListedKey]] = {}
        for attribute, key in keys.__keys__.items():
            path = f"{keys.__name__}.{attribute}"
            listed = listed_key(key.name, key.form, strict=strict, path=path)
            listed = listed._replace(ttl=key.ttl)
            if isinstance(key, KeyPattern):
                self._patterns[key.name] = key, listed
            else:
                names[key.name], self._keys[key.name] = listed, key
        super().__init__(keys.__name__, names)
        self._owners = frozenset(keys.__mro__)
        self._results = results
        self.has_patterns = bool(self._patterns)

    @override
    def find(self, key: Key[Any]) -> ListedKey | None:
        if not isinstance(key, Key):
            raise self._no_key(key)
        if isinstance(key, ResultKey):
            return self._result(key)
        if key.owner not in self._owners:
            return None
        if not key.pattern:
            return self.names.get(key.name)
        known = self._patterns.get(key.pattern)  # not if it was pickled when there was one
        return None if known is None else ListedKey(key.name, *known[1][1:])  # not `_replace`: slow

    def _result(self, key: ResultKey[Any]) -> ListedKey:
        name = HiddenKey(self._results + key.name) if self._results else key.name
        listed = listed_key(name, key.form, strict=True, path=repr(key))
        return listed._replace(is_read_only=True)

    def _no_key(self, given: object) -> ChannelTypeError:
        if isinstance(given, KeyPattern):
            call = ", ".join(f"{field}=..." for field in given.template.fields)
            return ChannelTypeError(f"{given!r} stands for many keys; write ({call}) after it")
        return ChannelTypeError(
            f"a Key of {self.title} is needed, not {short_repr(given)}; of a channel without "
            "declared keys, text is the key"
        )

    @override
    def advice(self, key: Key[Any]) -> str:
        """Return what a message says in addition of a key of another class."""
        if key.owner is None:
            return "; it is declared in no class of Keys"
        if key.owner.__name__ == self.title:
            return (
                f"; {self.title} was defined again, or it is another class of that name: make the "
                "channel with the class that the key is from"
            )
        return ""

    @override
    def why_read_only(self, key: Key[Any]) -> str:
        """Return what a message says of a result, which is the only key of its kind."""
        return "only its task does, whose result it is"

    def own_pattern(self, pattern: object) -> KeyPattern[Any]:
        """Check that it is a pattern of the class, and return it.

        Raises:
            ChannelTypeError: It is not.
        """
        if isinstance(pattern, KeyPattern) and pattern.owner in self._owners:
            return pattern
        raise ChannelTypeError(f"a key pattern of {self.title} is needed, not {pattern!r}")

    @override
    def present(self, keys: Collection[str]) -> list[str]:
        """Return those of the channel's keys that the class has; those of patterns are sorted."""
        made = sorted(filter(self._is_made, keys)) if self.has_patterns else []
        return super().present(keys) + made

    def has(self, name: str) -> bool:
        """Tell whether a name is that of a key of the class."""
        return name in self.names or self._is_made(name)

    def key(self, name: str) -> Key[Any]:
        """Return the key of the class that has a name."""
        if name in self._keys:
            return self._keys[name]
        made = (pattern.key(name) for pattern, _ in self._patterns.values())
        return next(key for key in made if key is not None)

    def _is_made(self, name: str) -> bool:
        return any(pattern.match(name) is not None for pattern, _ in self._patterns.values())
