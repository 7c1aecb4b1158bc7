"""Edge cases of checks: when a commit happens, and whom the answer names if it does not."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from graflow.channels.backend import (
    Change,
    Check,
    Conflict,
    Delete,
    Holds,
    KeysAre,
    Push,
    Put,
    StartsWith,
    Unlocked,
)
from graflow.channels.hidden_keys import kept_key
from graflow.testing.edges.edge import Edge, edge
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_CLAUSE = "If a check does not hold, nothing changes, and the answer names the key of that check"
_LONG, _SHORT = 900_000, 50_000  # ms


class _Case(NamedTuple):
    """A check and what it finds.

    Attributes:
        name: What is there.
        before: Makes it so.
        check: Is checked.
        holds: Whether it holds.
        passes: Whether the short TTLs end before.
    """

    name: str
    before: list[Change]
    check: Check
    holds: bool
    passes: bool = False


_BIG = b'"' + b"x" * 5_000
_LIST = [b"1", b"2", b"3"]

_CASES = [
    _Case("the same bytes", [Put("key", b"1")], Holds("key", b"1"), True),
    _Case("another number", [Put("key", b"1")], Holds("key", b"2"), False),
    _Case("the same number of another type", [Put("key", b"1")], Holds("key", b"1.0"), False),
    _Case("true in place of 1", [Put("key", b"true")], Holds("key", b"1"), False),
    _Case("another case", [Put("key", b'"a"')], Holds("key", b'"A"'), False),
    _Case("a space behind", [Put("key", b'"a"')], Holds("key", b'"a" '), False),
    _Case("another end", [Put("key", _BIG + b'a"')], Holds("key", _BIG + b'b"'), False),
    _Case("a value and no key", [], Holds("key", b"1"), False),
    _Case("no key", [], Holds("key", None), True),
    _Case("null and no key", [Put("key", b"null")], Holds("key", None), False),
    _Case("an empty list and no key", [Put("key", [])], Holds("key", None), False),
    _Case("no key and an empty list", [], Holds("key", []), False),
    _Case("an empty list", [Put("key", [])], Holds("key", []), True),
    _Case("an empty list and its text", [Put("key", b'"[]"')], Holds("key", []), False),
    _Case("text and an empty list", [Put("key", [])], Holds("key", b'"[]"'), False),
    _Case("the same items", [Put("key", _LIST)], Holds("key", _LIST), True),
    _Case("other items", [Put("key", _LIST)], Holds("key", [b"1", b"2", b"4"]), False),
    _Case("the same items in another order", [Put("key", _LIST)], Holds("key", _LIST[::-1]), False),
    _Case("an item too many", [Put("key", _LIST)], Holds("key", _LIST[:2]), False),
    _Case("an item too few", [Put("key", _LIST[:2])], Holds("key", _LIST), False),
    _Case("items cut elsewhere", [Put("key", [b"12", b"3"])], Holds("key", [b"1", b"23"]), False),
    _Case("one item and its value", [Put("key", [b"1"])], Holds("key", b"1"), False),
    _Case(
        "a list that grew", [Put("key", _LIST[:2]), Push("key", b"3")], Holds("key", _LIST), True
    ),
    _Case("what expired", [Put("key", b"1", _SHORT)], Holds("key", b"1"), False, True),
    _Case("what expired is missing", [Put("key", b"1", _SHORT)], Holds("key", None), True, True),
    _Case("what does not expire yet", [Put("key", b"1", _LONG)], Holds("key", b"1"), True, True),
    _Case("the head", [Put("key", _LIST)], StartsWith("key", (b"1", b"2")), True),
    _Case("the whole list as a head", [Put("key", _LIST)], StartsWith("key", tuple(_LIST)), True),
    _Case("the second of a head", [Put("key", _LIST)], StartsWith("key", (b"1", b"3")), False),
    _Case("the end as a head", [Put("key", _LIST)], StartsWith("key", (b"2", b"3")), False),
    _Case("a longer head", [Put("key", _LIST[:1])], StartsWith("key", (b"1", b"2")), False),
    _Case("the head of no list", [Put("key", b"1")], StartsWith("key", (b"1",)), False),
    _Case("the head of no key", [], StartsWith("key", (b"1",)), False),
    _Case(
        "the head of what expired",
        [Put("key", _LIST, _SHORT)],
        StartsWith("key", (b"1",)),
        False,
        True,
    ),
    _Case("no keys", [], KeysAre(()), True),
    _Case("the keys", [Put("a", b"1"), Put("b", [b"1"])], KeysAre(("a", "b")), True),
    _Case("the keys in another order", [Put("a", b"1"), Put("b", b"1")], KeysAre(("b", "a")), True),
    _Case("a key too many", [Put("a", b"1"), Put("b", b"1")], KeysAre(("a",)), False),
    _Case("a key too few", [Put("a", b"1")], KeysAre(("a", "b")), False),
    _Case("another key", [Put("a", b"1"), Put("c", b"1")], KeysAre(("a", "b")), False),
    _Case(
        "a key that expired", [Put("a", b"1"), Put("b", b"1", _SHORT)], KeysAre(("a",)), True, True
    ),
    _Case(
        "a key that is deleted",
        [Put("a", b"1"), Put("b", b"1"), Delete("b")],
        KeysAre(("a",)),
        True,
    ),
    _Case(
        "keys that are kept",
        [Put("a", b"1"), Put(kept_key("conformance", "x"), b"1")],
        KeysAre(("a",)),
        True,
    ),
]
"""Checks of every kind."""


def _try(trial: Trial, case: _Case) -> None:
    backend = trial.open("job").backend
    backend.commit((), case.before)
    if case.passes:
        trial.advance(_SHORT / 500)
    kept = backend.read(["key", "a", "b", "mark"])
    trial.note(f"# after {case.before}: {case.check}"[:300])
    answers = backend.commit([case.check], [Put("mark", b"1"), Push("marks", b"1")])
    if case.holds:
        trial.require(not isinstance(answers, Conflict), "the check holds, so the commit happens")
        trial.require(backend.get("mark") == b"1", "the check holds, so the commit happens")
        return
    named = "" if isinstance(case.check, KeysAre) else case.check[0]
    trial.require(isinstance(answers, Conflict), "the check does not hold, so nothing happens")
    trial.require(answers == Conflict(named), f"the answer names the key; it is {answers!r}")
    records = [
        [held and held.record for held in found]
        for found in (kept, backend.read(["key", "a", "b", "mark"]))
    ]
    trial.require(records[0] == records[1], "the check does not hold, so nothing changes")
    trial.require(backend.get("marks") is None, "the check does not hold, so nothing changes")


def _every_check(trial: Trial) -> None:
    backend = trial.open("job").backend
    trial.note("# of several checks, each one in turn does not hold")
    backend.commit((), [Put(key, b"1") for key in "abcd"])
    for wrong in "abcd":
        checks = [Holds(key, b"2" if key == wrong else b"1") for key in "abcd"]
        answers = backend.commit(checks, [Put("mark", b"1")])
        trial.require(answers == Conflict(wrong), f"{_CLAUSE}: {wrong!r}; it is {answers!r}")
        trial.require(backend.get("mark") is None, _CLAUSE)


def _locks(trial: Trial) -> None:
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    trial.note("# a commit checks that nobody but its owner holds a lock")

    def happens(owner: str, lock: str = "turn") -> bool:
        answers = other.commit([Unlocked(lock, owner)], [Put("mark", b"1")])
        return not isinstance(answers, Conflict)

    trial.require(happens("me"), "nobody holds the lock, so the commit happens")
    backend.acquire("turn", "me", _LONG)
    trial.require(happens("me"), "its own holder is not in the way of a commit")
    trial.require(not happens("you"), "somebody else holds the lock, so the commit does not happen")
    trial.require(happens("you", "another"), "a lock of another name is in nobody's way")
    backend.release("turn", "me")
    trial.require(happens("you"), "the lock was given back, so the commit happens")


def _edge(case: _Case) -> Edge:
    return edge(
        Capability.COMMITS,
        f"checks: {case.name}",
        _CLAUSE,
        body=partial(_try, case=case),
        needs=[Capability.TTL] if case.passes else [],
        moves_time=case.passes,
    )


EDGES = [
    *map(_edge, _CASES),
    edge(Capability.COMMITS, "checks: each of several", _CLAUSE, body=_every_check),
    edge(
        Capability.COMMITS,
        "checks: a lock",
        "transactions that are repeatedly too slow take turns",
        body=_locks,
        needs=[Capability.LOCK],
    ),
]
"""Edge cases of checks."""
