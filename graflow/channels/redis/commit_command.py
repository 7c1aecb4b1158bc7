"""Commits as `lua/commit.lua` takes them, and its replies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from graflow.channels.commits.commit import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Holds,
    KeysAre,
    NotAList,
    NotANumber,
    Pop,
    Push,
    Put,
    Refusal,
    StartsWith,
    Unlocked,
)
from graflow.channels.hidden_keys import KEPT
from graflow.channels.redis.records import MAX_PARTS, expected, parts
from graflow.channels.redis.sending.requests import Part

__all__ = ["ChangeRefused", "Command", "Swap", "packed", "swap_in", "unpacked"]

_VALUES = 3  # what stands before them among the script's keys, and 1 for the first


class Command(NamedTuple):
    """A commit as parts of a command.

    Attributes:
        keys: The keys that it is about, each once.
        locks: The locks that it asks about.
        args: What the script gets after its token.
    """

    keys: list[str]
    locks: list[str]
    args: list[Part]


class ChangeRefused(Exception):
    """A change that the script can't make.

    Attributes:
        reason: `L` for no list, `N` for no number, `S` for a sum that is beyond the script.
        number: The number of the change, from 1.
    """

    def __init__(self, reason: str, number: int) -> None:
        super().__init__(reason, number)
        self.reason, self.number = reason, number

    @property
    def is_final(self) -> bool:
        """Whether nobody can make it."""
        return self.reason != "S"

    def signal(self, changes: Sequence[Change]) -> Refusal:
        """Return what to raise for it."""
        kind = NotAList if self.reason == "L" else NotANumber
        return kind(changes[self.number - 1].key)


class Swap(NamedTuple):
    """A commit that puts one value in the place of another one, as most transactions do.

    Attributes:
        key: The key.
        old: What it has to hold.
        new: What it is to hold.
        keeps: Whether it expires when it would have; else it never does.
        turn: The lock that nobody else may hold.
        owner: Who may.
    """

    key: str
    old: bytes
    new: bytes
    keeps: bool
    turn: str
    owner: str


def swap_in(checks: Sequence[Check], changes: Sequence[Change]) -> Swap | None:
    """Return the swap that a commit is, if it is one."""
    match checks, changes:
        case [Holds(key, bytes(old)), Unlocked(turn, owner)], [Put(other, bytes(new), ttl)]:
            if key == other and not ttl and not key.startswith(KEPT):
                return Swap(key, old, new, ttl == KEEP, turn, owner)
    return None


def packed(checks: Sequence[Check], changes: Sequence[Change]) -> Command:
    """Return the command for a commit.

    Raises:
        ChangeRefused: A sum is beyond the script.
    """
    locks = [check.lock for check in checks if isinstance(check, Unlocked)]
    named = [check.key for check in checks if isinstance(check, Holds | StartsWith)]
    keys = list(dict.fromkeys([*named, *(change.key for change in changes)]))
    places = {key: b"%d" % number for number, key in enumerate(keys, _VALUES)}
    made: list[Part] = []
    for number, change in enumerate(changes, 1):
        made += _change(change, places[change.key], number)
    args: list[Part] = [b"%d" % len(keys), *(key.encode() for key in keys), b"%d" % len(checks)]
    lock = _VALUES + len(keys)
    room = max(2, MAX_PARTS - len(keys) * 2 - len(made) - 4)
    for check in checks:
        if isinstance(check, Unlocked):
            args += (b"U", b"%d" % lock, check.owner)
            lock += 1
        else:
            args += _check(check, places, room)
    return Command(keys, locks, args + made)


def _check(check: Holds | StartsWith | KeysAre, places: dict[str, bytes], room: int) -> list[Part]:
    match check:
        case Holds(key, record):
            return [b"H", places[key], *expected(record, room)]
        case StartsWith(key, items):
            return [b"S", places[key], b"%d" % len(items), *items]
        case KeysAre(keys):
            return [b"K", b"%d" % len(keys), *(key.encode() for key in keys)]


def _change(change: Change, place: bytes, number: int) -> Sequence[Part]:
    match change:
        case Put(_, record, ttl):
            lasts = b"keep" if ttl == KEEP else b"" if ttl is None else b"%d" % ttl
            return (b"P", place, lasts, *parts(record))
        case Push(_, item, ttl, at_head):
            return (b"L" if at_head else b"R", place, item, b"" if ttl == KEEP else b"%d" % ttl)
        case Pop():
            return (b"O", place)
        case Delete():
            return (b"D", place)
        case Expire(_, ttl):
            return (b"E", place, b"" if ttl is None else b"%d" % ttl)
        case Add(_, amount):
            if isinstance(amount, float):
                return (b"A", place, repr(amount).encode(), b"float")
            if amount.bit_length() > 50:
                raise ChangeRefused("S", number)
            return (b"A", place, b"%d" % amount, b"int")


def unpacked(
    reply: bytes, checks: Sequence[Check], changes: Sequence[Change]
) -> list[Answer] | Conflict:
    """Return what the script's reply says.

    Raises:
        ChangeRefused: A change can't be made.
    """
    kind, rest = reply[:1], reply[1:]
    if kind == b"=":
        return [
            bool(answer) if isinstance(change, Delete | Expire) else answer
            for answer, change in zip(_answers(rest), changes, strict=True)
        ]
    if kind == b"!":
        raise ChangeRefused(rest[:1].decode(), int(rest[1:]))
    check = checks[int(rest) - 1]
    return Conflict("" if isinstance(check, KeysAre) else check[0])


def _answers(text: bytes) -> Iterator[Answer]:
    at = 0
    while at < len(text):
        kind = text[at : at + 1]
        if kind == b"-":
            at += 1
            yield None
            continue
        end = text.index(b";", at)
        number = int(text[at + 1 : end])
        at = end + 1
        if kind == b":":
            yield number
        else:
            yield text[at : at + number]
            at += number
