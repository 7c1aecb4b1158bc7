"""`DeclaredNames`: what a class says of the keys of a channel, and whether their values fit."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from typing_extensions import TypeForm

from graflow.channels.codec.codec import Record
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys import KeyDescription, Keys, KeysDescription
from graflow.channels.keys.keys_listing import KeysListing
from graflow.channels.listed_keys import TypedDictKeys
from graflow.channels.operation.listing import ListedKey
from graflow.channels.schema import fields_of, name_of
from graflow.exceptions import ChannelError, ChannelValidationError

__all__ = ["DeclaredNames", "Fit"]


class Fit(NamedTuple):
    """What comes of checking a value.

    Attributes:
        type: What the key is declared as.
        errors: What does not fit: the path, what was expected, and what was found.
    """

    type: str
    errors: tuple[tuple[str, str, str], ...]


class DeclaredNames:
    """The keys that a class of `Keys`, or a `TypedDict`, lists."""

    def __init__(self, keys: type[Keys] | TypeForm[Any]) -> None:
        """Read a class.

        Raises:
            SchemaError: It is something else, or the type of a key can't be a schema.
        """
        self._keys: type[Keys] | None = None
        if isinstance(keys, type) and issubclass(keys, Keys):
            self._keys = keys
            self._listing: KeysListing | TypedDictKeys = KeysListing(keys, strict=True)
            self.description = keys.describe()
        else:
            self._listing = TypedDictKeys(keys, strict=True)
            self.description = _described(keys, self._listing.title)
        self._types = {each.key: each.type for each in self.description.keys}

    def fit(self, key: str, record: Record) -> Fit | None:
        """Check what a key holds; `None` if the class has no such key."""
        found = self._find(key)
        if found is None:
            return None
        listed, name = found
        try:
            listed.schema.load(record)
        except ChannelValidationError as error:
            errors = tuple((each.path, each.message, each.found) for each in error.errors)
            return Fit(self._types[name], errors or (("", str(error), ""),))
        except ChannelError as error:
            return Fit(self._types[name], (("", str(error), ""),))
        return Fit(self._types[name], ())

    def type_of(self, key: str) -> str | None:
        """Return what a key is declared as; `None` if the class has no such key."""
        found = self._find(key)
        return None if found is None else self._types[found[1]]

    def _find(self, key: str) -> tuple[ListedKey, str] | None:
        """Return what is known of a key, with the name that the description has for it."""
        listed = self._listing.names.get(key)
        if listed is not None:
            return listed, key
        for pattern in () if self._keys is None else self._keys.__keys__.values():
            made = pattern.key(key) if isinstance(pattern, KeyPattern) else None
            if made is not None and (listed := self._listing.find(cast(Any, made))) is not None:
                return listed, pattern.name
        return None


def _described(schema: TypeForm[Any], title: str) -> KeysDescription:
    keys = (
        KeyDescription(name, name, name_of(form), None, "")
        for name, form in fields_of(schema).items()
    )
    doc = getattr(schema, "__doc__", None) or ""
    return KeysDescription(title, doc.strip(), tuple(keys))
