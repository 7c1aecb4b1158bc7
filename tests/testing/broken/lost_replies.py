"""Connections that lose replies, and what is sent again then."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from graflow.channels.backend import Answer, Change, Check, Conflict, Pop
from graflow.testing import Capability
from tests.testing.broken.registry import Group, Losses, lossy_harness
from tests.testing.dict_channel import DictBackend, DictChannel

__all__ = ["broken"]

broken = Group(Capability.LOST_REPLIES, lossy_harness)


class LossyBackend(DictBackend):
    """Sends a commit again when its reply is lost, and knows the answer of the first time."""

    remembers = True

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        answers = super().commit(checks, changes)
        if Losses.of(self.store).take() and not self.remembers:
            return super().commit(checks, changes)
        return answers

    @override
    def clear(self, *, kept: bool = False) -> None:
        super().clear(kept=kept)
        Losses.of(self.store).take()


class LossyChannel(DictChannel):
    """A correct channel over a connection that loses replies."""

    kind = LossyBackend


@broken(
    "a retry happens twice",
    clause="the client retries the operation only in ways that let it happen once",
)
class TwiceOnRetry(LossyBackend):
    remembers = False


@broken(
    "a retry pops twice",
    clause="the client retries the operation only in ways that let it happen once",
)
class PopsTwice(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        if type(changes[0]) is Pop and Losses.of(self.store).take():
            changes = [*changes, *changes]
        return super().commit(checks, changes)


@broken(
    "a repeated commit is in conflict with itself",
    clause="it is never in conflict with itself",
)
class ConflictsWithItself(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_cut = Losses.of(self.store).is_due
        answers = super().commit(checks, changes)
        return super().commit(checks, changes) if is_cut and checks else answers


@broken(
    "a repeated commit of several changes happens twice",
    clause="Sent again because its reply was lost, it gets the same answer",
)
class SeveralTwice(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_cut = Losses.of(self.store).is_due
        answers = super().commit(checks, changes)
        return super().commit((), changes) if is_cut and len(changes) > 1 else answers


@broken(
    "a repeated commit answers with a conflict that there was not",
    clause="it is never in conflict with itself",
)
class ConflictOnRetry(LossyBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        is_cut = Losses.of(self.store).is_due
        answers = super().commit(checks, changes)
        is_pop = any(isinstance(each, Pop) for each in changes)
        return Conflict(changes[0].key) if is_cut and checks and is_pop else answers
