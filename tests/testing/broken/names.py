"""Channels in one store that are not kept apart by their names."""

from __future__ import annotations

import json
import posixpath
import re
import unicodedata
from fnmatch import fnmatchcase

from typing_extensions import override

from graflow.channels.backend import Delete, Held
from graflow.channels.codec.codec import Record
from graflow.channels.commits.settling import Outcome
from graflow.channels.hidden_keys import KEPT, lock_key
from graflow.testing import Capability
from tests.testing.broken.registry import Group, flat_harness
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.KEYS, flat_harness)

_APART = "Two channels with different names never see, list, clear, lock or expire"


class Flat(DictBackend):
    """All channels in one dict, each key behind the name of its channel."""

    def full(self, key: str) -> str:
        return f"{self.name}:{key}"

    def short(self, full: str) -> str | None:
        """Return the key of this channel that is kept under a name, if it is one."""
        return full[len(self.name) + 1 :] if full.startswith(f"{self.name}:") else None

    @override
    def find(self, key: str) -> Record | None:
        return super().find(self.full(key))

    @override
    def held(self, key: str) -> Held | None:
        record = self.find(key)
        return None if record is None else Held(record, self.left(key))

    @override
    def left(self, key: str) -> int | None:
        return super().left(self.full(key))

    @override
    def become(self, key: str, outcome: Outcome) -> None:
        super().become(self.full(key), outcome)

    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        with self.store.mutex:
            mine = filter(None, map(self.short, self.store.entries))
            return [
                key for key in mine if self.find(key) is not None and key.startswith(KEPT) is kept
            ]

    @override
    def clear(self, *, kept: bool = False) -> None:
        with self.store.mutex:
            for key in self.keys():
                self.apply(Delete(key))


@broken(
    "a name bleeds into another that begins like it",
    clause=_APART,
)
class PrefixBleed(Flat):
    pass


@broken(
    "keys are found with a pattern",
    clause=_APART,
)
class PatternKeys(Flat):
    def full(self, key: str) -> str:
        return f"{self.name!r}:{key}"

    def short(self, full: str) -> str | None:
        is_mine = fnmatchcase(full, f"{self.name!r}:*")
        return full[len(repr(self.name)) + 1 :] if is_mine else None


@broken(
    "locks of all channels are the same",
    clause=_APART,
    by=Capability.LOCK,
)
class SharedLocks(Flat):
    def full(self, key: str) -> str:
        return key if key.startswith(lock_key("")) else json.dumps([self.name, key])

    def short(self, full: str) -> str | None:
        if full.startswith(KEPT):
            return None
        name, key = json.loads(full)
        return key if name == self.name else None


class FoldedNames(Flat):
    """Keeps channels apart by what is left of their names."""

    def fold(self, name: str) -> str:
        """Return what is kept of a name."""
        return name

    @override
    def full(self, key: str) -> str:
        return json.dumps([self.fold(self.name), key])

    @override
    def short(self, full: str) -> str | None:
        name, key = json.loads(full)
        return str(key) if name == self.fold(self.name) else None


@broken("names are cut to 64 characters", clause=_APART)
class CutNames(FoldedNames):
    length = 64

    @override
    def fold(self, name: str) -> str:
        return name[: self.length]


@broken("names are cut to 255 characters", clause=_APART)
class CutNames255(CutNames):
    length = 255


@broken("names are paths", clause=_APART)
class PathNames(FoldedNames):
    @override
    def fold(self, name: str) -> str:
        return name if "\0" in name else posixpath.normpath(name)


@broken("names lose the spaces before them", clause=_APART)
class StrippedNames(FoldedNames):
    @override
    def fold(self, name: str) -> str:
        prefix, slash, rest = name.partition("/")
        return prefix + slash + rest.lstrip()


@broken("names are compared in compatible forms", clause=_APART)
class CompatibleNames(FoldedNames):
    @override
    def fold(self, name: str) -> str:
        return unicodedata.normalize("NFKC", name)


@broken("dots in names become dashes", clause=_APART)
class DashedNames(FoldedNames):
    @override
    def fold(self, name: str) -> str:
        return name.replace(".", "-").replace("_", "-")


class ClearsLike(FoldedNames):
    """Clears all channels whose names match."""

    def matches(self, name: str) -> bool:
        """Tell whether a name is taken for this channel's."""
        return name.startswith(self.name)

    @override
    def clear(self, *, kept: bool = False) -> None:
        with self.store.mutex:
            for full in list(self.store.entries):
                name, key = json.loads(full)
                if self.matches(name) and (kept or not key.startswith(KEPT)):
                    del self.store.entries[full]


@broken("clear takes all names that begin like the channel's", clause=_APART)
class ClearsPrefix(ClearsLike):
    pass


@broken("clear takes all names that are like the channel's", clause=_APART)
class ClearsPattern(ClearsLike):
    @override
    def matches(self, name: str) -> bool:
        parts = {"_": ".", "%": ".*"}
        pattern = "".join(parts.get(each, re.escape(each)) for each in self.name)
        return re.fullmatch(pattern, name, re.DOTALL) is not None


@broken("clear goes without case", clause=_APART)
class ClearsCaseless(ClearsLike):
    @override
    def matches(self, name: str) -> bool:
        return name.lower() == self.name.lower()


@broken("clear takes what lies below a name", clause=_APART)
class ClearsBelow(ClearsLike):
    @override
    def matches(self, name: str) -> bool:
        return name == self.name or name.startswith(f"{self.name}/")
