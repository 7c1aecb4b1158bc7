"""Times to live that are rounded, cut, taken for dates, or begin anew."""

from __future__ import annotations

import math
from collections.abc import Iterable

from typing_extensions import override

from graflow.channels.backend import KEEP, Change, Expire, Push, Put
from graflow.testing import Capability
from tests.testing.broken.hooks import Hooked
from tests.testing.broken.registry import Group
from tests.testing.dict_channel import DictBackend

__all__ = ["broken"]

broken = Group(Capability.TTL)

_EXACT = "kept to the millisecond"


class Rounded(Hooked):
    """Rounds times to live, of some changes or of all."""

    kinds: tuple[type, ...] = (Put, Push, Expire)

    def rounded(self, ttl: int) -> int:
        """Return the ms that are stored in place of these."""
        return max(1000, ttl)

    @override
    def instead(self, change: Change) -> Iterable[Change]:
        if not isinstance(change, self.kinds) or not isinstance(change, Put | Push | Expire):
            return [change]
        if change.ttl is not None and change.ttl != KEEP:
            change = change._replace(ttl=self.rounded(change.ttl))
        return [change]


@broken("a TTL below a second is kept as a second", clause=_EXACT)
class AtLeastASecond(Rounded):
    pass


@broken("a new TTL of append is below a second at its longest", clause=_EXACT)
class AppendAtLeastASecond(Rounded):
    kinds = (Push,)


@broken("touch takes a TTL below a second for a second", clause=_EXACT)
class TouchAtLeastASecond(Rounded):
    kinds = (Expire,)


@broken("touch rounds to whole seconds", clause=_EXACT)
class TouchInSeconds(Rounded):
    kinds = (Expire,)

    @override
    def rounded(self, ttl: int) -> int:
        return max(1, round(ttl / 1000)) * 1000


@broken("append rounds to whole seconds", clause=_EXACT)
class AppendInSeconds(Rounded):
    kinds = (Push,)

    @override
    def rounded(self, ttl: int) -> int:
        return math.ceil(ttl / 1000) * 1000


@broken("a key goes at the next whole second, whatever ttl says", clause=_EXACT)
class ExpiresLate(DictBackend):
    by = 0.999

    @override
    def find(self, key: str) -> bytes | list[bytes] | None:
        record, deadline = self.store.entries.get(key, (None, None))
        ends = deadline is not None and deadline + self.by <= self.store.clock()
        return None if ends else record


@broken("a key goes at the whole second before, whatever ttl says", clause=_EXACT)
class ExpiresEarly(ExpiresLate):
    by = -0.95

    @override
    def deadline(self, ttl: int | None, before: float | None) -> float | None:
        found = super().deadline(ttl, before)
        return found if found is None or ttl is None or ttl > 1000 or ttl == KEEP else found + 1


@broken(
    "a TTL of more than 30 days is taken for a date", clause="longer than 100 years are refused"
)
class DateBeyond30Days(Rounded):
    @override
    def rounded(self, ttl: int) -> int:
        return ttl if ttl <= 30 * 86_400_000 else 1


@broken("a TTL in ms goes through 32 bits", clause="longer than 100 years are refused")
class Through32Bits(Rounded):
    @override
    def rounded(self, ttl: int) -> int:
        return ttl % 2**32 or 1


@broken("a TTL that is kept begins anew", clause="keeps the TTL", by=Capability.TTL)
class BeginsAnew(DictBackend):
    @override
    def deadline(self, ttl: int | None, before: float | None) -> float | None:
        spans: dict[float, int] = vars(self.store).setdefault("spans", {})
        if ttl == KEEP and before is not None:
            ttl = spans[before]
        found = super().deadline(ttl, before)
        if found is not None and ttl:
            spans[found] = ttl
        return found
