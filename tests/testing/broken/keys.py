"""Keys that are changed, confused, or forgotten."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from typing_extensions import override

from graflow.channels.backend import Change, Delete, Held
from graflow.testing import Capability
from tests.testing.broken.hooks import Hooked
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, DictChannel

__all__ = ["broken"]

broken = Group(Capability.KEYS)


@broken(
    "in goes by the keys, unchecked",
    clause="`key in channel` is `exists(key)`",
)
class UncheckedIn(DictChannel):
    def __contains__(self, key: object) -> bool:
        return key in self.keys()


@broken(
    "a loop is over the keys",
    clause="A channel can't be iterated over",
)
class Loops(DictChannel):
    def __iter__(self) -> Any:  # type: ignore[override]
        return iter(self.keys())


@broken(
    "a stored None is a missing key",
    clause="a stored `None` is a value",
)
class NoneIsMissing(DictChannel):
    def get(self, key: str, default: Any = None) -> Any:
        value = super().get(key, default)
        return default if value is None else value


@broken(
    "clear forgets lists",
    clause="every key that was there when it began is gone when it returns",
)
class ClearForgetsLists(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        for key in self.keys():
            if isinstance(self.find(key), bytes):
                self.apply(Delete(key))


@broken(
    "clear stops at 10,000 keys",
    clause="every key that was there when it began is gone when it returns",
)
class ClearStops(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        for key in self.keys()[:10_000]:
            self.apply(Delete(key))


@broken(
    "keys are case-insensitive",
    clause="Every other character is allowed",
)
class CaseInsensitive(Hooked):
    def cased(self, key: str) -> str:
        lower = {each.lower(): each for each in list(self.store.entries)}
        return lower.get(key.lower(), key)

    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return super().read(list(map(self.cased, keys)))

    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change._replace(key=self.cased(change.key))]


@broken(
    "keys are composed",
    clause="Every other character is allowed",
)
class Composed(DictChannel):
    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        super().set(unicodedata.normalize("NFC", key), value, ttl, **options)


@broken(
    "deleting takes a pattern",
    clause="Every other character is allowed",
)
class DeletesPattern(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if not isinstance(change, Delete):
            return [change]
        found = [
            each for each in self.keys() if each == change.key or fnmatchcase(each, change.key)
        ]
        return [Delete(each) for each in found] or [change]


@broken(
    "clear leaves what users don't see",
    clause="`clear` removes the keys of users and the results of runs",
)
class ClearsHalf(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        for key in self.keys():
            if not key.startswith("\0"):
                self.apply(Delete(key))


@broken(
    "a NUL at the beginning of a key is lost",
    clause="Every other character is allowed",
)
class DropsNul(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        return [key.removeprefix("\0") for key in super().keys(kept=kept)]
