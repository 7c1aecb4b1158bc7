"""Keys that a store takes for patterns or paths, folds, pads, or lists more than once."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Sequence

from typing_extensions import override

from graflow.channels.backend import Change, Delete, Held, Record
from graflow.channels.hidden_keys import KEPT
from graflow.testing import Capability
from tests.testing.broken.hooks import Hooked
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["Folding", "broken"]

broken = Group(Capability.KEYS)

_ALLOWED = "Every other character is allowed"


class Folding(Hooked):
    """Takes keys that it folds alike for one; `keys` shows the one that came first."""

    def fold(self, key: str) -> str:
        """Return what is compared of a key."""
        return key

    def cased(self, key: str) -> str:
        """Return the key that there is in place of another."""
        if key.startswith(KEPT):
            return key
        folded = self.fold(key)
        return next((each for each in list(self.store.entries) if self.fold(each) == folded), key)

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return super().read(list(map(self.cased, keys)))

    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change._replace(key=self.cased(change.key))]


@broken("keys are padded with spaces, as CHAR is", clause=_ALLOWED)
class Padded(Folding):
    @override
    def fold(self, key: str) -> str:
        return key.rstrip(" ")


@broken("keys lose the spaces before them", clause=_ALLOWED)
class LeftStripped(Folding):
    @override
    def fold(self, key: str) -> str:
        return key.lstrip(" ") or key


@broken("keys that are compatible are the same", clause=_ALLOWED)
class Compatible(Folding):
    @override
    def fold(self, key: str) -> str:
        return unicodedata.normalize("NFKC", key)


@broken("keys that differ in their accents are the same", clause=_ALLOWED)
class WithoutAccents(Folding):
    @override
    def fold(self, key: str) -> str:
        parts = unicodedata.normalize("NFD", key)
        return "".join(part for part in parts if not unicodedata.combining(part)) or key


@broken("keys are paths", clause=_ALLOWED)
class Paths(Folding):
    @override
    def fold(self, key: str) -> str:
        return posixpath.normpath(key) if "\0" not in key else key


@broken("a dot at the end of a key is lost", clause=_ALLOWED)
class DotAtTheEnd(Folding):
    @override
    def fold(self, key: str) -> str:
        return key.rstrip(".") or key


@broken("keys that are quoted alike are the same", clause=_ALLOWED)
class Quoted(Folding):
    @override
    def fold(self, key: str) -> str:
        return key.replace("/", "%2F").replace(":", "%3A")


@broken("a key ends at a NUL", clause=_ALLOWED)
class EndsAtNul(Folding):
    @override
    def fold(self, key: str) -> str:
        return key[:1] + key[1:].partition("\0")[0]


class Deleting(Hooked):
    """Deletes what a pattern matches."""

    def pattern(self, key: str) -> re.Pattern[str]:
        """Return what a key that is to be deleted is taken for."""
        parts = {"_": ".", "%": ".*"}
        return re.compile("".join(parts.get(each, re.escape(each)) for each in key), re.DOTALL)

    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if not isinstance(change, Delete):
            return [change]
        pattern = self.pattern(change.key)
        return [Delete(each) for each in self.keys() if pattern.fullmatch(each)] or [change]


@broken("deleting goes by LIKE", clause=_ALLOWED)
class DeletesLike(Deleting):
    pass


@broken("deleting goes by LIKE, with a backslash for an escape", clause=_ALLOWED)
class DeletesLikeEscaped(Deleting):
    @override
    def pattern(self, key: str) -> re.Pattern[str]:
        return re.compile(re.escape(re.sub(r"\\(.)", r"\1", key)), re.DOTALL)


@broken("deleting goes without case", clause=_ALLOWED)
class DeletesCaseless(Deleting):
    @override
    def pattern(self, key: str) -> re.Pattern[str]:
        return re.compile(re.escape(key), re.IGNORECASE)


@broken("deleting goes by a regular expression", clause=_ALLOWED)
class DeletesExpression(Deleting):
    @override
    def pattern(self, key: str) -> re.Pattern[str]:
        try:
            return re.compile(key.replace("\0", "\\0"))
        except re.error:
            return re.compile(re.escape(key))


@broken("deleting takes what lies below a path", clause=_ALLOWED)
class DeletesBelow(Deleting):
    @override
    def pattern(self, key: str) -> re.Pattern[str]:
        return re.compile(f"{re.escape(key)}(/.*)?", re.DOTALL)


@broken("reading goes by LIKE if nothing has the very key", clause=_ALLOWED)
class ReadsLike(Deleting):
    @override
    def find(self, key: str) -> Record | None:
        found = super().find(key)
        if found is None and not key.startswith(KEPT):
            pattern = self.pattern(key)
            like = next(filter(pattern.fullmatch, list(self.store.entries)), None)
            return None if like is None else super().find(like)
        return found

    @override
    def left(self, key: str) -> int | None:
        return super().left(key) if key in self.store.entries else None


@broken("a list is listed twice", clause="this channel's live keys, no duplicates")
class ListedTwice(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        found = super().keys(kept=kept)
        return [*found, *(key for key in found if isinstance(self.find(key), list))]


@broken("keys are listed as another handle saw them", clause="this channel's live keys")
class ListedLate(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        found = super().keys(kept=kept)
        seen = vars(self.store).setdefault("listed", {}).setdefault(kept, (self, found))
        vars(self.store)["listed"][kept] = self, found
        return list(found if seen[0] is self else seen[1])


@broken("keys stops at the first 1,000", clause="this channel's live keys")
class ListsAThousand(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return super().keys(kept=kept)[:1000]
