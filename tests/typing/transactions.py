"""Types that checkers infer of transactions and of etags, and what they refuse. Never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from datetime import timedelta
from typing import Any, TypedDict, assert_type

from graflow import Channel, Entry, KeyedChannel, Transaction, TypedChannel


class User(TypedDict):
    """A schema."""

    name: str
    age: int


class State(TypedDict):
    """The keys of a pipeline."""

    logs: list[str]
    count: int


def move(tx: Transaction, amount: int = 1) -> int:
    """Be handed to `transact`."""
    tx.atomic_add("from", -amount)
    tx.atomic_add("to", amount)
    return amount


def faces(tx: Transaction) -> None:
    """A transaction is a channel, and has faces of its own."""
    channel: Channel = tx
    channel.exists("key")
    assert_type(tx.typed(User), TypedChannel[User])
    assert_type(tx.typed(list[int]), TypedChannel[list[int]])
    assert_type(tx.typed(int | None, strict=False), TypedChannel[int | None])
    assert_type(tx.keyed(State), KeyedChannel[State])
    assert_type(tx.keyed(State).get_all(), State)
    assert_type(tx.typed(User).get("key"), User)
    assert_type(tx.typed(User).get("key", None), User | None)
    assert_type(tx.get("key"), Any)
    assert_type(tx.append("key", 1), int)
    assert_type(tx.atomic_add("key", 1), int | float)
    assert_type(tx.add("key", 1), bool)
    assert_type(tx.entry("key"), Entry[Any])
    assert_type(tx.transact(move), int)
    assert_type(tx.transact(lambda inner: inner.typed(User).get("key")), User)
    tx.set("key", 1, ttl=5, if_etag=tx.entry("key").etag)


def results(channel: Channel) -> None:
    """`transact` returns what its function returns."""
    assert_type(channel.transact(move), int)
    assert_type(channel.transact(lambda tx: move(tx, 2), attempts=3, timeout=0.5), int)
    assert_type(channel.transact(move, timeout=timedelta(seconds=1)), int)
    assert_type(channel.transact(lambda tx: tx.typed(User).get("key")), User)
    assert_type(channel.transact(lambda tx: tx.keyed(State).get_all()), State)
    assert_type(channel.transact(lambda tx: None), None)
    assert_type(channel.transact(lambda tx: tx.get("key")), Any)


def entries(
    channel: Channel, users: TypedChannel[User], state: KeyedChannel[State], key: str
) -> None:
    """An entry has the type of the value; of a keyed channel only the plugin knows it."""
    assert_type(channel.entry("key"), Entry[Any])
    assert_type(users.entry("key"), Entry[User])
    assert_type(users.entry("key").value, User)
    assert_type(users.entry("key").etag, str)
    assert_type(users.entry("key").ttl, float | None)
    assert_type(state.entry(key), Entry[Any])
    value, etag, left = users.entry("key")
    assert_type(value, User)
    assert_type(left, float | None)
    users.set("key", value, if_etag=etag)
    channel.set("key", value, if_etag=etag)
    state.set("count", 3, if_etag=etag)


def new_operations(channel: Channel, users: TypedChannel[User], state: KeyedChannel[State]) -> None:
    """They are on all faces."""
    assert_type(channel.add("key", 1, ttl=5), bool)
    assert_type(users.add("key", {"name": "Zoë", "age": 30}, timedelta(seconds=5)), bool)
    assert_type(state.add("count", 1, ttl=5.5), bool)
    for each in (channel, users, state):
        assert_type(each.touch("count", 5), bool)
        assert_type(each.persist("count"), bool)
    channel.destroy()


def mistakes(channel: Channel, users: TypedChannel[User], tx: Transaction) -> None:
    """What would be refused at run time is an error of the checker."""
    channel.transact(lambda: 1)  # type: ignore[arg-type, misc]
    channel.transact(move, 3)  # type: ignore[call-arg]
    channel.transact(move, attempts=1.5)  # type: ignore[arg-type]
    channel.transact(lambda tx: tx.typed(User).get("key")["nmae"])  # type: ignore[typeddict-item]
    channel.transact(lambda tx: tx.typed(User).set("key", 3))  # type: ignore[arg-type]
    name: str = channel.transact(move)  # type: ignore[assignment]
    users.exists(name)
    users.add("key", {"name": "Zoë"})  # type: ignore[typeddict-item]
    users.set("key", users.get("key"), if_etag=3)  # type: ignore[arg-type]
    users.set("key", users.get("key"), 5, users.entry("key").etag)  # type: ignore[call-arg]
    users.touch("key")  # type: ignore[call-arg]
    users.transact(move)  # type: ignore[attr-defined]
    users.destroy()  # type: ignore[attr-defined]
    tx.set("key", 1, if_etag=3)  # type: ignore[arg-type]
    tx.set("key", 1, tll=3)  # type: ignore[call-arg]
    tx.typed(3)  # type: ignore[arg-type]
    tx.keyed("key", strict=3)  # type: ignore[arg-type]
    tx.keyed(State).get_all()["lgos"]  # type: ignore[typeddict-item]
