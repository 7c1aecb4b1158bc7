"""Commits that are not one moment, or not in order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from typing_extensions import override

from graflow.channels.backend import Add, Answer, Change, Check, Conflict, Expire, Push, Put
from graflow.channels.commits.settling import settle
from graflow.channels.hidden_keys import KEPT
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, Store

__all__ = ["broken"]

broken = Group(Capability.COMMITS)


@broken(
    "a commit makes its changes before it checks",
    clause="If a check does not hold, nothing changes",
)
class ChangesBeforeChecks(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            verdict = super().commit(checks, ())
            answers = super().commit((), changes)
            return verdict if isinstance(verdict, Conflict) else answers


@broken(
    "half of a refused commit stays",
    clause="refuses the whole commit: nothing of it has happened",
)
class HalfOfIt(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            verdict = super().commit(checks, ())
            if isinstance(verdict, Conflict):
                return verdict
            return [self.made(change) for change in changes]

    def made(self, change: Change) -> Any:
        """Make one change, and return its answer."""
        (answer,) = DictBackend.commit(self, (), [change])
        return answer


@broken(
    "a conflict is taken for success",
    clause="If a check does not hold, nothing changes",
)
class NoConflict(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(checks, changes)
        is_kept = changes and changes[0].key.startswith(KEPT)
        return [None] * len(changes) if isinstance(answers, Conflict) and not is_kept else answers


@broken(
    "a commit of several loses the TTL that a sum keeps",
    clause="keeps the TTL",
)
class LosesTtl(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        sums = [Expire(each.key, None) for each in changes if isinstance(each, Add)]
        answers = super().commit(checks, [*changes, *(sums if len(changes) > 1 else ())])
        return answers if isinstance(answers, Conflict) else answers[: len(changes)]


@broken(
    "writes that nothing was read for conflict",
    clause="writes that nothing was read for never conflict",
)
class BlindConflicts(DictBackend):
    def __init__(self, name: str, store: Store) -> None:
        super().__init__(name, store)
        self.seen = 0

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            version = vars(self.store).setdefault("version", 0)
            is_several = len(changes) > 1 and not any(type(each) is Put for each in changes)
            if is_several and not checks and version != self.seen:
                self.seen = version
                return Conflict(changes[0].key)
            self.seen = vars(self.store)["version"] = version + 1
            return super().commit(checks, changes)


@broken(
    "what is pushed comes before what is popped",
    clause="Changes are made one after the other, so a later one finds what an earlier one left",
)
class PushesFirst(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        order = sorted(range(len(changes)), key=lambda at: not isinstance(changes[at], Push))
        answers = super().commit(checks, [changes[at] for at in order])
        if isinstance(answers, Conflict):
            return answers
        return [answers[order.index(at)] for at in range(len(changes))]


@broken(
    "the answers of a commit are in another order",
    clause="Changes are made one after the other",
)
class AnswersReversed(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(checks, changes)
        return answers if isinstance(answers, Conflict) else answers[::-1]


@broken(
    "two commits at once get into each other's way",
    clause="A commit happens all at once: nobody ever sees a part of it",
    by=Capability.THREADS,
)
class Interleaved(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if len(changes) < 2 or changes[0].key.startswith(KEPT):
            return super().commit(checks, changes)
        with self.store.mutex:
            done = settle(checks, changes, self.find, self.keys)
        if isinstance(done, Conflict):
            return done
        time.sleep(0)
        with self.store.mutex:
            for key, outcome in done.outcomes.items():
                self.become(key, outcome)
        return done.answers


@broken(
    "a commit that checks something is not one moment",
    clause="A commit happens all at once: nobody ever sees a part of it",
    by=Capability.COMMITS,
)
class TornCommit(HalfOfIt):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if not checks or (changes[:1] and changes[0].key.startswith(KEPT)):
            return DictBackend.commit(self, checks, changes)
        first = DictBackend.commit(self, checks, changes[:1])
        if isinstance(first, Conflict):
            return first
        return [*first, *map(self.made, changes[1:])]
