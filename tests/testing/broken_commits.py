"""Channels whose commits have one realistic defect each; they are entered into the same tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from typing_extensions import override

from graflow.channels.backend import (
    Add,
    Answer,
    Backend,
    Change,
    Check,
    Conflict,
    Expire,
    Fence,
    FencedBackend,
    Holds,
    KeysAre,
    Pop,
    Push,
    Put,
    StartsWith,
)
from graflow.channels.commits.settling import settle
from graflow.channels.hidden_keys import KEPT
from graflow.channels.operation.operations import Entry
from graflow.exceptions import ChannelConflictError
from tests.testing.broken_channels import BROKEN, LOSSY, Hooked, LossyBackend, broken
from tests.testing.dict_channel import DictBackend, DictChannel, Store

__all__ = ["COMMITS"]

_OTHERS = {*BROKEN, *LOSSY}


@broken("a commit makes its changes before it checks")
class ChangesBeforeChecks(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            verdict = super().commit(checks, ())
            answers = super().commit((), changes)
            return verdict if isinstance(verdict, Conflict) else answers


@broken("half of a refused commit stays")
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


@broken("a conflict is taken for success")
class NoConflict(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(checks, changes)
        is_kept = changes and changes[0].key.startswith(KEPT)
        return [None] * len(changes) if isinstance(answers, Conflict) and not is_kept else answers


@broken("only the first check counts")
class FirstCheck(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        return super().commit(checks[:1], changes)


class Checking(DictBackend):
    """Checks something else than it is asked to."""

    def instead(self, check: Check) -> bool | Check:
        """Return what is checked, or whether it holds."""
        return check

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            left = []
            for check in checks:
                other = check if str(check[0]).startswith(KEPT) else self.instead(check)
                if other is False:
                    return Conflict(str(check[0]))
                if other is not True:
                    left.append(other)
            return super().commit(left, changes)


@broken("a commit ignores which keys there are")
class IgnoresKeys(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return isinstance(check, KeysAre) or check


@broken("a commit looks for the keys that there were, and not for others")
class IgnoresNewKeys(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return set(check.keys) <= set(self.keys()) if isinstance(check, KeysAre) else check


@broken("a commit ignores the head of a list")
class IgnoresHead(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return isinstance(check, StartsWith) or check


@broken("the head of a list may be its end")
class HeadIsEnd(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        found = self.find(check[0]) if isinstance(check, StartsWith) else None
        if not isinstance(check, StartsWith) or not isinstance(found, list):
            return check
        count, items = len(check.items), list(check.items)
        return items in (found[:count], found[-count:])


@broken("a list is checked by its length")
class ComparesLength(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds) and isinstance(check.record, list):
            found = self.find(check.key)
            return isinstance(found, list) and len(found) == len(check.record)
        return check


@broken("that a key must be missing is not checked")
class AddReplaces(Checking):
    @override
    def instead(self, check: Check) -> bool | Check:
        return (isinstance(check, Holds) and check.record is None) or check


@broken("what has expired still satisfies a check")
class ExpiredHolds(Checking):
    timeout = 0.2

    @override
    def instead(self, check: Check) -> bool | Check:
        if isinstance(check, Holds):
            return self.store.entries.get(check.key, (None, None))[0] == check.record
        return check


@broken("a commit of several loses the TTL that a sum keeps")
class LosesTtl(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        sums = [Expire(each.key, None) for each in changes if isinstance(each, Add)]
        answers = super().commit(checks, [*changes, *(sums if len(changes) > 1 else ())])
        return answers if isinstance(answers, Conflict) else answers[: len(changes)]


@broken("writes that nothing was read for conflict")
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


@broken("what is pushed comes before what is popped")
class PushesFirst(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        order = sorted(range(len(changes)), key=lambda at: not isinstance(changes[at], Push))
        answers = super().commit(checks, [changes[at] for at in order])
        if isinstance(answers, Conflict):
            return answers
        return [answers[order.index(at)] for at in range(len(changes))]


@broken("the answers of a commit are in another order")
class AnswersReversed(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(checks, changes)
        return answers if isinstance(answers, Conflict) else answers[::-1]


@broken("two commits at once get into each other's way")
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


@broken("a commit that checks something is not one moment")
class TornCommit(HalfOfIt):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if not checks or (changes[:1] and changes[0].key.startswith(KEPT)):
            return DictBackend.commit(self, checks, changes)
        first = DictBackend.commit(self, checks, changes[:1])
        if isinstance(first, Conflict):
            return first
        return [*first, *map(self.made, changes[1:])]


@broken("a missing key is said to expire")
class ExpiresNothing(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        return True if isinstance(change, Expire) else answer


@broken("persist leaves the TTL")
class PersistsNothing(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Expire) and change.ttl is None and self.find(change.key) is not None:
            change = change._replace(ttl=self.left(change.key))
        return [change]


@broken("touch only ever lengthens a TTL")
class Lengthens(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Expire) and change.ttl and self.find(change.key) is not None:
            change = change._replace(ttl=max(change.ttl, self.left(change.key) or 0))
        return [change]


@broken("a fence is forgotten")
class NoFence(DictBackend):
    @override
    def fenced(self, fence: Fence) -> Backend:
        return self


class HalfFenced(FencedBackend):
    """Takes a short way past the fence."""

    @override
    def apply(self, change: Change) -> Any:
        return self.inner.apply(change)


@broken("a single change gets past a fence")
class LeakyFence(DictBackend):
    @override
    def fenced(self, fence: Fence) -> Backend:
        return HalfFenced(self, fence)


@broken("an etag ignores types")
class EtagIgnoresType(DictChannel):
    def entry(self, key: str) -> Entry[Any]:
        return super().entry(key)._replace(etag=str(self.get(key)))

    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        if "if_etag" in options:
            if not self.exists(key) or str(self.get(key)) != options["if_etag"]:
                raise ChannelConflictError("it has changed", channel=self.name, key=key)
            options = {}
        super().set(key, value, ttl, **options)


@broken("an etag is good for ever")
class EtagIgnored(DictChannel):
    def set(self, key: str, value: object, ttl: Any = None, **options: Any) -> None:
        super().set(key, value, ttl)


class BlindTransaction:
    """Writes into a transaction, and reads past it."""

    def __init__(self, tx: Any, channel: DictChannel) -> None:
        self.tx, self.channel = tx, channel

    def __getattr__(self, name: str) -> Any:
        reads = {"get", "get_many", "exists", "keys", "ttl", "entry"}
        return getattr(self.channel if name in reads else self.tx, name)


@broken("a transaction does not see its own writes")
class SeesNotItself(DictChannel):
    def transact(self, fn: Callable[[Any], Any], **options: Any) -> Any:
        return super().transact(lambda tx: fn(BlindTransaction(tx, self)), **options)


@broken("a transaction writes as it goes")
class WritesAsItGoes(DictChannel):
    def transact(self, fn: Callable[[Any], Any], **options: Any) -> Any:
        return super().transact(lambda tx: fn(self if not options else tx), **options)


@broken("a repeated commit is in conflict with itself", LOSSY)
class ConflictsWithItself(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_cut = vars(self.store).get("cut", False)
        answers = super().commit(checks, changes)
        return super().commit(checks, changes) if is_cut and checks else answers


@broken("a repeated commit of several changes happens twice", LOSSY)
class SeveralTwice(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_cut = vars(self.store).get("cut", False)
        answers = super().commit(checks, changes)
        return super().commit((), changes) if is_cut and len(changes) > 1 else answers


@broken("a repeated commit answers with a conflict that there was not", LOSSY)
class ConflictOnRetry(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_cut = vars(self.store).get("cut", False)
        answers = super().commit(checks, changes)
        is_pop = any(isinstance(each, Pop) for each in changes)
        return Conflict(changes[0].key) if is_cut and checks and is_pop else answers


COMMITS = {*BROKEN, *LOSSY} - _OTHERS
"""Their names."""
