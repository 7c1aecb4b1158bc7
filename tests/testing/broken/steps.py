"""Changes and reads that take several steps, between which others see or do something."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from graflow.channels.backend import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Held,
    Holds,
    Pop,
    Push,
    Put,
)
from graflow.channels.codec.codec import decode
from graflow.channels.commits.lock_records import holder_in, lock_record
from graflow.channels.commits.settling import settle
from graflow.channels.hidden_keys import FENCES, KEPT, lock_key
from graflow.channels.locks.fences import next_fence
from graflow.testing import Capability
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.COMMITS)

_ATOMIC = "Every operation is atomic and linearizable per key"
_TTL = "with it the TTL is set in the same atomic step"
_PART = "A commit happens all at once: nobody ever sees a part of it"
_OVER = "`get_many`, `set_many`, `keys` and `transact` are atomic over the channel"


class Stepwise(DictBackend):
    """Makes some single changes in several steps."""

    kind: type = Put

    def made(self, change: Change) -> Answer:
        """Make one change, and nothing else."""
        answers = super().commit((), [change])
        assert not isinstance(answers, Conflict)
        return answers[0]

    def stepwise(self, change: Change) -> Answer:
        """Make a change in steps."""
        return self.made(change)

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_one = len(changes) == 1 and not checks and not changes[0].key.startswith(KEPT)
        if is_one and type(changes[0]) is self.kind:
            return [self.stepwise(changes[0])]
        return super().commit(checks, changes)


@broken("set and expire are two steps", clause="replaces the value, its type and its TTL")
class SetThenExpire(Stepwise):
    @override
    def stepwise(self, change: Change) -> Answer:
        assert isinstance(change, Put)
        self.made(change._replace(ttl=None))
        if change.ttl is not None:
            self.made(Expire(change.key, change.ttl))
        return None


@broken("set deletes before it writes", clause=_ATOMIC)
class DeleteThenSet(Stepwise):
    @override
    def stepwise(self, change: Change) -> Answer:
        if isinstance(change, Put) and change.ttl != KEEP:
            self.made(Delete(change.key))
        return self.made(change)


@broken("append and expire are two commands", clause=_TTL)
class PushThenExpire(Stepwise):
    kind = Push

    @override
    def stepwise(self, change: Change) -> Answer:
        assert isinstance(change, Push)
        length = self.made(change._replace(ttl=KEEP))
        if change.ttl != KEEP:
            self.made(Expire(change.key, change.ttl))
        return length


@broken("set_many sets the TTLs when all is written", clause="`set_many` writes all or nothing")
class SetManyThenExpire(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        puts = [each for each in changes if isinstance(each, Put) and each.ttl]
        if checks or len(puts) < 2 or len(puts) < len(changes):
            return super().commit(checks, changes)
        answers = super().commit((), [each._replace(ttl=None) for each in puts])
        super().commit((), [Expire(each.key, each.ttl) for each in puts if each.ttl != KEEP])
        return answers


@broken("set_many writes a hundred at a time", clause="`set_many` writes all or nothing")
class SetsInBatches(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if checks or len(changes) <= 100:
            return super().commit(checks, changes)
        first, rest = super().commit((), changes[:100]), self.commit((), changes[100:])
        assert not isinstance(first, Conflict)
        return rest if isinstance(rest, Conflict) else [*first, *rest]


@broken("get_many reads a hundred at a time", clause=_OVER)
class GetsInBatches(DictBackend):
    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        found = super().read(keys[:100])
        return [*found, *self.read(keys[100:])] if len(keys) > 100 else found


@broken("get_many reads one key after the other", clause=_OVER)
class GetsInTurn(DictBackend):
    @override
    def read(self, keys: Sequence[str]) -> list[Held | None]:
        return [held for key in keys for held in super(GetsInTurn, self).read([key])]


@broken("keys are found, and then looked at one by one", clause=_OVER)
class KeysInTurn(DictBackend):
    @override
    def keys(self, *, kept: bool = False) -> list[str]:
        found = list(self.store.entries)
        there = [key for key in found if self.exist([key]) == [True]]
        return [key for key in there if key.startswith(KEPT) is kept]


@broken("clear removes one key after the other", clause="`clear` is atomic for up to 10,000 keys")
class ClearsInTurn(DictBackend):
    @override
    def clear(self, *, kept: bool = False) -> None:
        for key in self.keys():
            self.apply(Delete(key))
        if kept:
            super().clear(kept=True)


class ReadsFirst(Stepwise):
    """Reads what is there, and then writes what is to be there."""

    @override
    def stepwise(self, change: Change) -> Answer:
        with self.store.mutex:
            done = settle((), [change], self.find, self.keys)
        assert not isinstance(done, Conflict)
        with self.store.mutex:
            for key, outcome in done.outcomes.items():
                self.become(key, outcome)
        return done.answers[0]


@broken("a list is read, and written with one item more", clause=_ATOMIC)
class PushReadsFirst(ReadsFirst):
    kind = Push


@broken("a sum is read, and written again", clause=_ATOMIC)
class AddReadsFirst(ReadsFirst):
    kind = Add


@broken("the head of a list is read, and then removed", clause="removes and returns the head")
class PopReadsFirst(Stepwise):
    kind = Pop

    @override
    def stepwise(self, change: Change) -> Answer:
        items = self.head(change.key, 1)
        popped = self.made(change)
        return items[0] if items and popped is not None else popped


@broken("delete looks first", clause="`delete(key) -> bool`")
class DeleteLooksFirst(Stepwise):
    kind = Delete

    @override
    def stepwise(self, change: Change) -> Answer:
        (is_there,) = self.exist([change.key])
        self.made(change)
        return is_there


@broken("what is checked is read, and then written", clause=_PART)
class ReadCommitted(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        with self.store.mutex:
            verdict = settle(checks, (), self.find, self.keys)
        if isinstance(verdict, Conflict):
            return verdict
        return super().commit((), changes)


@broken("only rows that exist are locked", clause="of several who add a key at once, one succeeds")
class PhantomRows(ReadCommitted):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        missing = [each for each in checks if isinstance(each, Holds) and each.record is None]
        if not missing:
            return DictBackend.commit(self, checks, changes)
        return super().commit(checks, changes)


@broken(
    "a lock that seems free is taken",
    clause="mutual exclusion among all handles in all processes",
    by=Capability.LOCK,
)
class TakesWhatSeemsFree(DictBackend):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        held, counter = self.read([lock_key(lock), FENCES])
        holder = owner if held is None else holder_in(held.record)
        if holder != owner:
            return str(holder)
        last = 0 if counter is None else int(decode(counter.record))
        fence = next_fence(last, least)
        self.commit(
            (),
            [
                Put(lock_key(lock), lock_record(fence, owner), lease),
                Put(FENCES, b"%d" % fence),
            ],
        )
        return fence
