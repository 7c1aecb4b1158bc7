"""Each operation of a channel once, for tests of servers and of rights."""

from __future__ import annotations

from graflow.channels.backend import Delete
from graflow.channels.base import Channel
from graflow.channels.transactions import Transaction
from graflow.channels.typed import TypedChannel
from tests.channels.fencing import FENCE, fenced, put_fence

__all__ = ["use_every_operation"]


def use_every_operation(channel: Channel) -> None:
    """Run every operation, in each of its ways, on an empty channel; leave it empty."""
    channel.set("value", {"text": "é", "bytes": b"\xff"})
    channel.set("short", 1, ttl=600)
    channel.set("list", [1, 2])
    channel.set("empty", [])
    channel.set("empty", [], ttl=600)
    assert channel.append("empty", 1) == 1
    assert channel.append("list", 3, ttl=600) == 3
    assert channel.prepend("list", 0) == 4
    assert channel.pop("list") == 0
    assert channel.pop("no list") is None
    assert TypedChannel(channel, int).pop("list") == 1
    assert channel.prepend("list", 1) == 3
    assert channel.get("list") == [1, 2, 3]
    assert channel.get("value") == {"text": "é", "bytes": b"\xff"}
    channel.set_many({"a": 1, "b": [2]}, ttl=600)
    channel.set_many({"a": 1, "b": [2]})
    assert channel.get_many(["a", "b", "c"]) == {"a": 1, "b": [2]}
    assert channel.atomic_add("a", 2) == 3
    assert channel.atomic_add("a", 0.5) == 3.5
    assert channel.atomic_add("huge", 1 << 70) == 1 << 70
    assert channel.update("b", lambda items: [*items, 3]) == [2, 3]
    assert channel.update("new", lambda number: number + 1, default=1) == 2
    left = channel.ttl("short")
    assert left is not None
    assert 590 < left <= 600
    assert channel.exists("a")
    assert "a" in channel
    assert channel.delete("a")
    assert not channel.delete("a")
    use_commits(channel)
    assert channel.add("a", 2, ttl=600)
    assert channel.transact(_change) == 3
    with channel.lock("lock", lease=20) as lock:
        assert channel.backend.renew("lock", lock._holding.owner, 30_000)
        assert channel.backend.line_up("lock", "another", 10_000) == 0
        assert channel.backend.line_up("lock", "another", 0) == 0
    expected = {"a", "b", "empty", "huge", "list", "new", "short", "value"}
    assert set(channel.keys()) == expected
    channel.clear()
    assert channel.keys() == []
    channel.set("last", 1)
    channel.destroy()
    assert channel.keys() == []


def use_commits(channel: Channel) -> None:
    """Run what commits alone can do, and leave nothing new."""
    assert channel.add("added", 1, ttl=600)
    assert not channel.add("added", 2)
    assert channel.persist("added")
    assert channel.touch("added", 600)
    channel.set("added", [1], if_etag=channel.entry("added").etag)

    def change(tx: Transaction) -> None:
        assert set(tx.keys()) >= {"added", "value"}
        tx.append("added", 2)
        tx.set("popped", tx.pop("added"))
        tx.atomic_add("popped", 2)
        tx.delete("added")

    channel.transact(change)
    put_fence(channel)
    assert fenced(channel).atomic_add("popped") == 4
    assert channel.backend.digests(["popped", "none"])[1] is None
    assert channel.backend.keys(kept=True) == [FENCE.key]
    assert channel.backend.apply(Delete(FENCE.key))
    assert channel.delete("popped")


def _change(tx: Transaction) -> int | float:
    """Read and change everything in one transaction."""
    assert len(tx.keys()) == 8
    tx.prepend("list", tx.pop("list"))
    tx.append("jobs", "last", ttl=600)
    tx.set("short", tx.get("short"), ttl=600)
    tx.touch("b", 600)
    tx.persist("b")
    tx.delete("jobs")
    return tx.atomic_add("a")
