"""Commits: what a channel checks and changes at one moment, as values.

Everything that changes a channel is one commit: checks, and changes that happen if all of them
hold. This module has nothing but the values; a `Backend` carries them out.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from graflow.channels.codec.codec import Record

__all__ = [
    "KEEP",
    "Add",
    "Answer",
    "Change",
    "Check",
    "Commit",
    "Conflict",
    "Delete",
    "Expire",
    "Held",
    "Holds",
    "KeysAre",
    "NotAList",
    "NotANumber",
    "Pop",
    "Push",
    "Put",
    "Refusal",
    "Request",
    "StartsWith",
    "Steps",
    "Unlocked",
]

R = TypeVar("R")

KEEP: Final = 0
"""In place of a TTL: the key expires when it would have, and a new one never."""


class Held(NamedTuple):
    """What a key holds.

    Attributes:
        record: The bytes of a value, or the items of a list.
        left: Milliseconds until the key expires, >= 1; `None` if it never does.
    """

    record: Record
    left: int | None


# Checks: what must be so for a commit to happen


class Holds(NamedTuple):
    """The key holds exactly this record, or does not exist.

    Attributes:
        key: The key.
        record: What it has to hold; `None`: nothing.
    """

    key: str
    record: Record | None


class StartsWith(NamedTuple):
    """The list under the key begins with these items.

    Attributes:
        key: The key.
        items: The items, at least one.
    """

    key: str
    items: tuple[bytes, ...]


class KeysAre(NamedTuple):
    """`Backend.keys` would return these keys.

    Attributes:
        keys: The keys, in any order.
    """

    keys: Collection[str]


class Unlocked(NamedTuple):
    """Nobody but `owner` holds the lock.

    Attributes:
        lock: The name of the lock.
        owner: The name of its holder; `""` is nobody's.
    """

    lock: str
    owner: str


Check: TypeAlias = Holds | StartsWith | KeysAre | Unlocked
"""What must be so for a commit to happen."""


# Changes: what a commit does, one after the other


class Put(NamedTuple):
    """Let the key hold the record, whatever it held, and expire in `ttl` ms.

    Attributes:
        key: The key.
        record: What it is to hold.
        ttl: ms, > 0; `None` for never, or `KEEP`.
    """

    key: str
    record: Record
    ttl: int | None = None


class Push(NamedTuple):
    """Add an item to the list under the key, which may not exist yet. Answer: the new length.

    Attributes:
        key: The key.
        item: What is added.
        ttl: ms in which the whole list expires, > 0, or `KEEP`.
        at_head: Whether the item becomes the first one, not the last.
    """

    key: str
    item: bytes
    ttl: int = KEEP
    at_head: bool = False


class Pop(NamedTuple):
    """Remove the first item of the list. Answer: the item, or `None` if there is none.

    The key goes with its last item.

    Attributes:
        key: The key.
    """

    key: str


class Delete(NamedTuple):
    """Remove the key. Answer: whether it existed.

    Attributes:
        key: The key.
    """

    key: str


class Add(NamedTuple):
    """Add to the number under the key; a missing key counts as 0. Answer: the record of the sum.

    `arguments.add` defines the sum. The key expires when it would have.

    Attributes:
        key: The key.
        amount: What is added to it.
    """

    key: str
    amount: int | float


class Expire(NamedTuple):
    """Let the key expire in `ttl` ms, or never. Answer: whether it exists.

    Attributes:
        key: The key.
        ttl: ms, > 0; `None` for never.
    """

    key: str
    ttl: int | None


Change: TypeAlias = Put | Push | Pop | Delete | Add | Expire
"""What a commit does; each has an answer."""

Answer: TypeAlias = bytes | int | bool | None
"""What a change answers; that of a `Put` is `None`."""


class Commit(NamedTuple):
    """Changes that happen all at once, if all checks hold.

    Attributes:
        checks: What must be so.
        changes: What happens then, one after the other.
    """

    checks: Sequence[Check]
    changes: Sequence[Change]

    def ask(self, backend: Any) -> Any:
        """Ask a backend to make it, and return its answers, or the conflict."""
        return backend.commit(self.checks, self.changes)


class Request(Protocol):
    """A step of an operation that is not a change: something that is asked of a backend."""

    def ask(self, backend: Any, /) -> Any:
        """Ask the backend, and return its answer."""


Steps: TypeAlias = Generator[Change | Request, Any, R]
"""An operation: it yields what it asks for, gets the answer, and returns its result.

It does no I/O itself, so that it runs on any kind of channel; see `Backend.perform`.
"""


class Conflict(NamedTuple):
    """The answer to a commit one of whose checks does not hold; nothing changed.

    Attributes:
        key: The key of that check, or `""` if it is about no single key.
    """

    key: str


class Refusal(Exception):
    """A change that can't be made of what the key holds; nothing of the commit happened.

    Attributes:
        key: The key.
    """

    def __init__(self, key: str = "") -> None:
        """Name the key."""
        super().__init__(key)
        self.key = key


class NotAList(Refusal):
    """The key holds something other than a list."""


class NotANumber(Refusal):
    """The key holds something other than a number."""
