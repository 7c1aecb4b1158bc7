"""Values that come back changed, or that change later."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from graflow.channels.codec.codec import decode
from graflow.testing import Capability
from tests.testing.broken.hooks import Changes
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictChannel, Store

__all__ = ["broken"]

broken = Group(Capability.VALUES)


@broken(
    "a tuple becomes a list",
    clause="Nothing changes silently: a tuple does not become a list",
)
class TupleToList(Changes):
    def change(self, part: Any) -> Any:
        return list(part) if type(part) is tuple else part


@broken(
    "an int key becomes text",
    clause="an int key a str key",
)
class IntKeyToText(Changes):
    def whole(self, value: Any) -> Any:
        if isinstance(value, dict) and all(type(key) is int for key in value):
            return {str(key): item for key, item in value.items()}
        return value


@broken(
    "True becomes 1",
    clause="True 1",
)
class BoolToInt(Changes):
    def change(self, part: Any) -> Any:
        return int(part) if type(part) is bool else part


@broken(
    "a negative zero loses its sign",
    clause="or `-0.0` `0`",
)
class NoNegativeZero(Changes):
    def change(self, part: Any) -> Any:
        return part + 0.0 if type(part) is float and part == 0 else part


@broken(
    "NaN becomes null",
    clause="NaN null",
)
class NanToNone(Changes):
    def change(self, part: Any) -> Any:
        return None if type(part) is float and part != part else part


@broken(
    "a whole float becomes an int",
    clause="What `get` returns equals what was stored and has the same types all the way down",
)
class FloatToInt(Changes):
    def change(self, part: Any) -> Any:
        return int(part) if type(part) is float and part.is_integer() else part


@broken(
    "an int goes through a double",
    clause="`int` of any size",
)
class IntThroughDouble(Changes):
    def change(self, part: Any) -> Any:
        return int(float(part)) if type(part) is int and abs(part) < 2**900 else part


@broken(
    "a fold is lost",
    clause="`fold` kept",
)
class NoFold(Changes):
    def change(self, part: Any) -> Any:
        return part.replace(fold=0) if isinstance(part, datetime) else part


@broken(
    "a decimal is normalized",
    clause="What `get` returns equals what was stored and has the same types all the way down",
)
class Normalized(Changes):
    def change(self, part: Any) -> Any:
        return part.normalize() if isinstance(part, Decimal) and part.is_finite() else part


@broken(
    "text is stripped",
    clause="What `get` returns equals what was stored and has the same types all the way down",
)
class Stripped(Changes):
    def change(self, part: Any) -> Any:
        return part.strip("\0 \n") if type(part) is str else part


@broken(
    "what is stored is the caller's object",
    clause="Changing an object after `set`/`append`, or one that `get` returned, changes nothing",
)
class Aliasing(DictChannel):
    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        super().set(key, value, ttl, **options)
        self.objects = {**getattr(self, "objects", {}), key: (self.backend.get(key), value)}

    def get(self, key: str, default: Any = None) -> Any:
        record, value = getattr(self, "objects", {}).get(key, (None, None))
        if record is not None and record == self.backend.get(key):
            return value
        return super().get(key, default)


@broken(
    "what is read is handed out again",
    clause="Changing an object after `set`/`append`, or one that `get` returned, changes nothing",
)
class CachedReads(DictChannel):
    cache: dict[bytes, Any] = {}  # noqa: RUF012 - it is broken

    def get(self, key: str, default: Any = None) -> Any:
        record = self.backend.get(key)
        if not isinstance(record, bytes):
            return super().get(key, default)
        return self.cache.setdefault(record, decode(record))


@broken(
    "a value that is read again is kept, and handed out from then on", clause="Values are snapshots"
)
class CachedFromTheSecond(DictChannel):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.reads: dict[tuple[str, bytes], list[Any]] = {}

    def get(self, key: str, default: Any = None) -> Any:
        record = self.backend.get(key)
        if not isinstance(record, bytes):
            return super().get(key, default)
        seen = self.reads.setdefault((key, record), [])
        if len(seen) < 2:
            seen.append(decode(record))
        return seen[-1]


@broken(
    "get_many hands out the same objects from the second time on", clause="Values are snapshots"
)
class CachedBatches(DictChannel):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.reads: dict[tuple[str, bytes], list[Any]] = {}

    def get_many(self, keys: Any) -> dict[str, Any]:
        found = super().get_many(keys)
        for key in found:
            record = self.backend.get(key)
            if isinstance(record, bytes):
                seen = self.reads.setdefault((key, record), [])
                if len(seen) < 2:
                    seen.append(found[key])
                found[key] = seen[-1]
        return found


@broken("a list that is read again is kept", clause="Values are snapshots")
class CachedLists(DictChannel):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.reads: dict[str, list[Any]] = {}

    def get(self, key: str, default: Any = None) -> Any:
        record = self.backend.get(key)
        found = super().get(key, default)
        if not isinstance(record, list):
            return found
        seen = self.reads.setdefault(repr((key, record)), [])
        if len(seen) < 2:
            seen.append(found)
        return seen[-1]


@broken("what update gets is kept", clause="Values are snapshots", by=Capability.UPDATE)
class CachedUpdates(DictChannel):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.seen: dict[bytes, Any] = {}

    def update(self, key: str, fn: Any, *args: Any, **options: Any) -> Any:
        def passed(value: Any) -> Any:
            record = self.backend.get(key)
            same = self.seen.setdefault(record, value) if isinstance(record, bytes) else value
            return fn(same)

        return super().update(key, passed, *args, **options)


@broken("an entry hands out the same value again", clause="Values are snapshots")
class CachedEntries(DictChannel):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.seen: dict[tuple[str, str], Any] = {}

    def entry(self, key: str) -> Any:
        found = super().entry(key)
        return found._replace(value=self.seen.setdefault((key, found.etag), found.value))
