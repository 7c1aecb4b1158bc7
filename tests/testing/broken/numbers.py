"""Sums that are not what Python gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

from typing_extensions import override

from graflow.channels.arguments import add
from graflow.channels.backend import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    NotANumber,
    Put,
)
from graflow.channels.codec.codec import decode, encode, encode_item
from graflow.exceptions import ChannelOverflowError
from graflow.testing import Capability
from tests.testing.broken.hooks import Hooked
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend, DictChannel

__all__ = ["broken"]

broken = Group(Capability.NUMBERS)


@broken(
    "a sum loses updates",
    clause="Every operation is atomic and linearizable per key",
    by=Capability.THREADS,
)
class LostUpdate(DictBackend):
    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        (change, *others) = changes
        if others or not isinstance(change, Add):
            return super().commit(checks, changes)
        record = self.find(change.key)
        number = 0 if record is None else decode(record)
        if type(number) not in {int, float}:
            raise NotANumber
        total = encode_item(add(number, change.amount))
        super().commit((), [Put(change.key, total, KEEP)])
        return [total]


@broken(
    "a float sum goes through decimal text",
    clause="an IEEE double, to the bit what Python gives",
)
class DecimalSum(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        total = decode(answer) if isinstance(change, Add) and isinstance(answer, bytes) else None
        if type(total) is float and abs(total) < 1e15:
            answer = encode_item(float(format(Decimal(repr(total)), ".10f")))
            self.again(Put(change.key, answer, KEEP))
        return answer


@broken(
    "a sum takes True for 1",
    clause="`bool` and non-numbers refused",
)
class AddsBool(DictChannel):
    def atomic_add(self, key: str, amount: Any = 1) -> Any:
        return super().atomic_add(key, int(amount) if amount is True else amount)


@broken(
    "a sum clears the TTL",
    clause="keeps the TTL",
)
class AddClearsTtl(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        return [change, Expire(change.key, None)] if isinstance(change, Add) else [change]


@broken(
    "a sum beyond 64 bits is a float",
    clause="`int + int` is an `int` of any size",
)
class SumOf64Bits(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        total = decode(answer) if isinstance(change, Add) and isinstance(answer, bytes) else None
        if type(total) is int and 2**63 <= abs(total) < 2**900:
            answer = encode_item(float(total))
            self.again(Put(change.key, answer, KEEP))
        return answer


@broken(
    "a sum of an int and a float is exact", clause="an IEEE double, to the bit what Python gives"
)
class ExactSum(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        found = self.find(change.key)
        if isinstance(change, Add) and isinstance(found, bytes):
            number = decode(found)
            if {type(number), type(change.amount)} == {int, float}:
                with suppress(OverflowError, ValueError):
                    self.total = float(Fraction(number) + Fraction(change.amount))
                    return [change, Put(change.key, encode(self.total), KEEP)]
        self.total = None
        return [change]

    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        is_exact = isinstance(change, Add) and self.total is not None
        return encode_item(self.total) if is_exact else answer

    total: float | None = None


@broken("a sum that is 0 removes the key", clause="a missing or expired key counts as `0`")
class ZeroIsNothing(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        if isinstance(change, Add) and answer == b"0":
            self.again(Delete(change.key))
        return answer


@broken("a sum of 53 bits and more is a float", clause="`int + int` is an `int` of any size")
class SumOf53Bits(Hooked):
    @override
    def answered(self, change: Change, answer: Answer) -> Answer:
        total = decode(answer) if isinstance(change, Add) and isinstance(answer, bytes) else None
        if type(total) is int and 2**53 < abs(total) < 2**900:
            answer = encode_item(int(float(total)))
            self.again(Put(change.key, answer, KEEP))
        return answer


@broken(
    "an infinity that was there is an overflow",
    clause="a float overflow raises `OverflowError` kind, nothing changed",
)
class InfinityOverflows(Hooked):
    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if isinstance(change, Add) and self.find(change.key) == encode(math.inf):
            raise ChannelOverflowError("too large", channel=self.name, key=change.key)
        return [change]
