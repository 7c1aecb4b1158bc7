# A channel takes the keys that its class inherits, and none of its subclasses.
# === app/main.py
from typing import assert_type

from graflow import Key, KeyPattern, Keys, KeysChannel, ListKey


class Base(Keys):
    logs = Key(list[str])
    count = Key(int)
    by_id = KeyPattern("user:{id}", list[int])


class Child(Base):
    extra = Key(int)


class Other(Keys):
    count = Key(int, name="other")


def good(child: KeysChannel[Child]) -> None:
    child.set(Base.count, 1)
    child.append(Base.logs, "x")
    child.append(Base.by_id(id=1), 1)
    child.append(Child.logs, "x")
    assert_type(child.get(Base.count), int)
    assert_type(child.get(Child.extra), int)
    assert_type(Base.logs, ListKey[str, Base])
    assert_type(child.get_many([Base.count])[Base.count], int)


def bad(base: KeysChannel[Base]) -> None:
    base.set(Child.extra, 1)  # E: Argument 1 to "set" of "KeysChannel" has incompatible type "Key[int, Child]"; expected "Settable[[int], Base]"  [arg-type]  # N:         def _set(self, type[Base], int, /) -> None  # N:         def _set(self, type[Child], /, value: int, ttl: int | float | timedelta | None = ..., *, if_etag: str | Missing = ...) -> None  # N:     Expected:  # N:     Got:  # N: Following member(s) of "Key[int, Child]" have conflicts:
    base.get(Child.extra)  # E: Argument 1 to "get" of "KeysChannel" has incompatible type "Key[int, Child]"; expected "Readable[Never, Base]"  [arg-type]
    base.get(Other.count)  # E: Argument 1 to "get" of "KeysChannel" has incompatible type "Key[int, Other]"; expected "Readable[Never, Base]"  [arg-type]
    base.set(Other.count, 1)  # E: Argument 1 to "set" of "KeysChannel" has incompatible type "Key[int, Other]"; expected "Settable[[int], Base]"  [arg-type]  # N:         def _set(self, type[Base], int, /) -> None  # N:         def _set(self, type[Other], /, value: int, ttl: int | float | timedelta | None = ..., *, if_etag: str | Missing = ...) -> None  # N:     Expected:  # N:     Got:  # N: Following member(s) of "Key[int, Other]" have conflicts:
