"""Stores that are not what they were after a restart."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from graflow.channels.commits.lock_records import lock_record
from graflow.channels.hidden_keys import KEPT, lock_key
from graflow.testing import Capabilities, Capability, Harness
from tests.testing.broken.registry import Group, channel_on
from tests.testing.dict_channel import DictBackend, DictChannels, Store

__all__ = ["broken"]


def durable_harness(kind: Any) -> Harness:
    """Return the harness of a backend that does something when its store starts again."""
    channels = DictChannels(channel_on(kind))

    def restart() -> None:
        for name, store in channels.stores.items():
            channels.open(name).backend.start(store)

    return Harness(
        open=channels.open,
        advance=channels.advance,
        restart=restart,
        capabilities=Capabilities(durable=True),
    )


broken = Group(Capability.DURABILITY, durable_harness)

_FENCE = "even after the server lost its data"


class Restarting(DictBackend):
    """Changes what is stored when the store starts again."""

    def start(self, store: Store) -> None:
        """Start the store again."""


@broken(
    "a restart loses what was written last", clause="An operation that was answered happened once"
)
class LosesTheLast(Restarting):
    @override
    def start(self, store: Store) -> None:
        mine = [key for key in store.entries if not key.startswith(KEPT)]
        for key in mine[-1:]:
            del store.entries[key]


@broken("a TTL begins anew at a restart", clause="seconds left")
class TtlBeginsAnew(Restarting):
    @override
    def deadline(self, ttl: int | None, before: float | None) -> float | None:
        found = super().deadline(ttl, before)
        if found is not None and ttl:
            vars(self.store).setdefault("spans", {})[found] = ttl / 1000
        return found

    @override
    def start(self, store: Store) -> None:
        spans: dict[float, float] = vars(store).get("spans", {})
        for key, (record, deadline) in list(store.entries.items()):
            if deadline is not None and deadline > store.clock():
                store.entries[key] = record, store.clock() + spans[deadline]


@broken("a restart forgets the TTLs", clause="seconds left")
class ForgetsTtls(Restarting):
    @override
    def start(self, store: Store) -> None:
        for key, (record, deadline) in list(store.entries.items()):
            if deadline is None or deadline > store.clock():
                store.entries[key] = record, None


@broken("what expired is back after a restart", clause="an expired key is a missing key")
class RevivesTheDead(Restarting):
    @override
    def start(self, store: Store) -> None:
        for key, (record, deadline) in list(store.entries.items()):
            if deadline is not None:
                store.entries[key] = record, max(deadline, store.clock() + 1_000)


@broken("fences are counted in memory, and start over after a restart", clause=_FENCE)
class FencesStartOver(Restarting):
    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        answer = super().acquire(lock, owner, lease, least)
        if isinstance(answer, str):
            return answer
        last: int = vars(self.store).get("fence", 0)
        fence = vars(self.store)["fence"] = max(last + 1, least)
        self.put(lock_key(lock), lock_record(fence, owner), lease)
        return fence

    @override
    def start(self, store: Store) -> None:
        vars(store)["fence"] = 0
