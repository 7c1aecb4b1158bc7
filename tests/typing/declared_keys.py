"""Types that any checker infers of declared keys, without the plugin. Never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict, assert_type

from graflow.channels.aio.async_keys_channel import AsyncKeysChannel
from graflow.channels.aio.async_transaction import AsyncTransaction
from graflow.channels.base import Channel
from graflow.channels.keys.key import Key, ListKey
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys import Keys, KeysDescription
from graflow.channels.keys_channel import KeysChannel
from graflow.channels.locks.lock import ChannelLock
from graflow.channels.operation.entry import Entry
from graflow.channels.transactions import Transaction
from graflow.core.context import TaskExecutionContext
from graflow.core.decorators import task


class User(TypedDict):
    """The type of some values."""

    name: str
    age: NotRequired[int]


@dataclass
class Point:
    """The type of others."""

    x: int


class Pipeline(Keys, prefix="p:"):
    """The keys of a pipeline."""

    logs = Key(list[str], doc="What happened.")
    user = Key(User, ttl=3600)
    users = Key(list[User])
    point = Key(Point)
    count = Key(int)
    rate = Key(float)
    rates = Key(list[float])
    table = Key(dict[str, list[float]])
    note = Key(str | None, name="the note")
    mode = Key(Literal["a", "b"])
    modes = Key(list[Literal["a", "b"]])
    anything = Key(Any)
    by_id = KeyPattern("user:{id}", User)
    visits = KeyPattern("visits:{id}", list[User])


class More(Pipeline):
    """More keys."""

    extra = Key(int)


class Other(Keys):
    """Keys of another class."""

    logs = Key(list[str])
    user = Key(User)


@task
def fetch(number: int) -> list[str]:
    """Return something."""
    return ["x"] * number


@task
async def later() -> Point:
    """Return something else."""
    return Point(3)


def keys() -> None:
    """A key has the type of its values, and its class."""
    assert_type(Pipeline.user, Key[User, Pipeline])
    assert_type(Pipeline.logs, ListKey[str, Pipeline])
    assert_type(Pipeline.by_id, KeyPattern[User, Pipeline])
    assert_type(Pipeline.by_id(id=7), Key[User, Pipeline])
    assert_type(Pipeline.visits(id="7"), ListKey[User, Pipeline])
    assert_type(Pipeline.by_id.match("user:7"), dict[str, str] | None)
    assert_type(Pipeline.by_id.key("user:7"), Key[User, Pipeline] | None)
    assert_type(Pipeline.describe(), KeysDescription)
    assert_type(fetch.result, Key[list[str]])
    assert_type(later.result, Key[Point])


def channels(ctx: TaskExecutionContext, channel: Channel, tx: Transaction) -> None:
    """Wherever it is made."""
    assert_type(ctx.get_channel(), Channel)
    assert_type(ctx.get_channel(Pipeline), KeysChannel[Pipeline])
    assert_type(ctx.get_channel(Pipeline, strict=False), KeysChannel[Pipeline])
    assert_type(channel.of(Pipeline), KeysChannel[Pipeline])
    assert_type(tx.of(Pipeline), KeysChannel[Pipeline])
    assert_type(KeysChannel(channel, Pipeline), KeysChannel[Pipeline])
    assert_type(channel.of(Pipeline).aio, AsyncKeysChannel[Pipeline])
    assert_type(channel.aio.of(Pipeline), AsyncKeysChannel[Pipeline])


def reading(ch: KeysChannel[Pipeline], other: str) -> None:
    """What is read has the type of the key."""
    assert_type(ch.get(Pipeline.user), User)
    assert_type(ch.get(Pipeline.logs), list[str])
    assert_type(ch.get(Pipeline.note), str | None)
    assert_type(ch.get(Pipeline.count, None), int | None)
    assert_type(ch.get(Pipeline.by_id(id=7)), User)
    assert_type(ch.get(fetch.result), list[str])
    assert_type(ch.get(later.result), Point)
    assert_type(ch.entry(Pipeline.point), Entry[Point])
    assert_type(ch.wait_for(Pipeline.user, lambda user: user["name"] == "Ada"), User)
    found = ch.get_many([Pipeline.user, Pipeline.count, fetch.result])
    assert_type(found[Pipeline.user], User)
    assert_type(found.get(Pipeline.count), int | None)
    assert_type(found.get(Pipeline.count, other), int | str)
    assert_type(Pipeline.user in found, bool)
    assert_type(ch.pop(Pipeline.users), User | None)
    assert_type(ch.pop(Pipeline.users, other, timeout=1), User | str)
    assert_type(ch.pop(Pipeline.visits(id=7), timeout=1), User | None)
    assert_type([ch.get(key) for key in ch.keys(Pipeline.by_id)], list[User])


def writing(ch: KeysChannel[Pipeline]) -> None:
    """A display is what the key says that it is."""
    ch.set(Pipeline.user, {"name": "Ada"})
    ch.set(Pipeline.user, value={"name": "Ada", "age": 3}, ttl=60)
    ch.set(Pipeline.users, [{"name": "Ada"}], if_etag=ch.entry(Pipeline.users).etag)
    ch.set(Pipeline.rate, 1)
    ch.set(Pipeline.rates, [1, 2])
    ch.set(Pipeline.table, {})
    ch.set(Pipeline.table, {"a": [1]})
    ch.set(Pipeline.note, None)
    ch.set(Pipeline.mode, "a")
    ch.set(Pipeline.modes, ["a"])
    ch.set(Pipeline.point, Point(3))
    ch.set(Pipeline.anything, {"x": [1]})
    ch.set(Pipeline.by_id(id=7), {"name": "Ada"})
    assert_type(ch.add(Pipeline.user, {"name": "Ada"}), bool)
    assert_type(ch.append(Pipeline.logs, "x"), int)
    ch.append(Pipeline.users, {"name": "Ada"}, ttl=3)
    ch.prepend(Pipeline.rates, 1)
    ch.append(Pipeline.modes, "b")
    ch.append(Pipeline.anything, 3)
    ch.append(Pipeline.visits(id=7), {"name": "Ada"})
    assert_type(ch.update(Pipeline.count, lambda count: count + 1, 0), int)
    assert_type(ch.update(Pipeline.user, lambda user: {"name": user["name"]}), User)
    ch.update(Pipeline.users, lambda users: [*users, {"name": "Ada"}], default=[])
    assert_type(ch.atomic_add(Pipeline.count), int)
    assert_type(ch.atomic_add(Pipeline.rate, 2), float)
    ch.set_many({Pipeline.count: 3, Pipeline.user: {"name": "Ada"}}, ttl=3)


def parameters(key: Key[User], items: ListKey[str], ch: KeysChannel[Pipeline]) -> None:
    """Functions can take keys of any class, and a subclass's channel."""
    assert_type(ch.get(key), User)
    ch.set(key, {"name": "Ada"})
    ch.append(items, "x")


def subclasses(more: KeysChannel[More]) -> None:
    """What a class inherits is its own, too."""
    parameters(Pipeline.user, Other.logs, more)
    more.set(More.user, {"name": "Ada"})
    more.append(More.logs, "x")
    assert_type(more.get(More.extra), int)


def mistakes(ch: KeysChannel[Pipeline]) -> None:
    """What no checker needs a plugin for."""
    ch.append(Pipeline.logs, 3)  # type: ignore[arg-type]
    ch.append(Pipeline.count, 3)  # type: ignore[arg-type]
    ch.append(Pipeline.users, {"nam": "Ada"})  # type: ignore[typeddict-item]
    ch.set(Pipeline.count, "x")  # type: ignore[arg-type]
    ch.set(Pipeline.count)  # type: ignore[call-arg]
    ch.set(Pipeline.count, 3, tll=3)  # type: ignore[call-arg]
    ch.set(Pipeline.user, {"name": 3})  # type: ignore[typeddict-item]
    ch.set(Pipeline.rates, ["x"])  # type: ignore[list-item]
    ch.set(Pipeline.mode, "c")  # type: ignore[arg-type]
    ch.set(Pipeline.note, 3)  # type: ignore[arg-type]
    ch.add(Pipeline.point, 3)  # type: ignore[arg-type]
    ch.update(Pipeline.count, lambda count: "x")  # type: ignore[arg-type, return-value]
    ch.update(Pipeline.count, lambda count: count, "x")  # type: ignore[arg-type]
    ch.wait_for(Pipeline.user, lambda user: user["nam"])  # type: ignore[typeddict-item]
    ch.atomic_add(Pipeline.logs)  # type: ignore[arg-type]
    ch.atomic_add(Pipeline.count, 0.5)  # type: ignore[arg-type]
    ch.pop(Pipeline.user)  # type: ignore[arg-type]
    ch.get("user")  # type: ignore[call-overload]
    ch.set("user", 3)  # type: ignore[arg-type]
    ch.get(Pipeline.by_id)  # type: ignore[call-overload]
    ch.get(Pipeline.usr)  # type: ignore[attr-defined]
    ch.get(Pipeline.user)["nam"]  # type: ignore[typeddict-item]
    ch.get(fetch.result).nope()  # type: ignore[attr-defined]
    bool("user" in ch)  # type: ignore[operator]
    Key(list[str], tll=3)  # type: ignore[call-arg]
    KeyPattern("{id}", list[str], name="x")  # type: ignore[call-arg]


def shown(*values: object) -> None:
    """Take anything."""


def in_the_midst_of_more(ch: KeysChannel[Pipeline], key: Key[list[int]]) -> float:
    """What is read may be used where something of a wider type is wanted."""
    wide: Sequence[object] = ch.get(Pipeline.logs)
    wide = ch.get(Pipeline.logs, ())
    wide = ch.wait_for(Pipeline.logs)
    wide = ch.get_many([Pipeline.logs])[Pipeline.logs]
    wide = ch.get_many([Pipeline.logs]).get(Pipeline.logs, ())
    wide = ch.get(fetch.result)
    shown(wide, sum(ch.get(key)), max(ch.get(fetch.result)), ch.get(Pipeline.logs))
    shown(set(ch.get(Pipeline.logs)), max(ch.get(Pipeline.logs)), sorted(ch.get(Pipeline.logs)))
    shown(dict(ch.get(Pipeline.user)), {**ch.get(Pipeline.user)}, round(ch.get(Pipeline.count)))
    return ch.get(Pipeline.count)


async def in_the_midst_of_more_on_a_loop(ch: AsyncKeysChannel[Pipeline]) -> float:
    """The same after an `await`."""
    wide: Sequence[object] = await ch.get(Pipeline.logs)
    wide = await ch.wait_for(Pipeline.logs)
    shown(wide, await ch.get(Pipeline.logs), len(await ch.get(Pipeline.logs)))
    shown(set(await ch.get(fetch.result)), await ch.entry(Pipeline.logs))
    return await ch.get(Pipeline.count)


def keys_of_other_classes(ch: KeysChannel[Pipeline], channel: Channel) -> None:
    """They are refused by whatever takes a key."""
    ch.get(Other.logs)  # type: ignore[arg-type]
    ch.set(Other.user, {"name": "Ada"})  # type: ignore[arg-type]
    ch.append(Other.logs, "x")  # type: ignore[arg-type]
    ch.delete(Other.logs)  # type: ignore[arg-type]
    other = Other.logs
    ch.get_many([other])  # type: ignore[list-item]
    ch.keys(KeyPattern("{id}", int)(id=3))  # type: ignore[call-overload]
    channel.of(User)  # type: ignore[type-var]


async def on_a_loop(ch: AsyncKeysChannel[Pipeline], tx: AsyncTransaction) -> None:
    """The same types, to be awaited."""
    assert_type(await ch.get(Pipeline.user), User)
    assert_type(await tx.of(Pipeline).get(Pipeline.count, None), int | None)
    await ch.set(Pipeline.users, [{"name": "Ada"}])
    assert_type(await ch.append(Pipeline.users, {"name": "Ada"}), int)

    async def more(count: int) -> int:
        return count + 1

    assert_type(await ch.update(Pipeline.count, more, 0), int)
    assert_type(await ch.update(Pipeline.count, lambda count: count + 1), int)
    assert_type(await ch.atomic_add(Pipeline.count), int)
    await ch.append(Pipeline.logs, 3)  # type: ignore[arg-type]
    await ch.set(Other.user, {"name": "Ada"})  # type: ignore[arg-type]


def the_rest(ch: KeysChannel[Pipeline]) -> None:
    """What does not depend on the type of a key."""
    assert_type(ch.channel, Channel)
    assert_type(ch.exists(Pipeline.count), bool)
    assert_type(Pipeline.count in ch, bool)
    assert_type(ch.delete(Pipeline.by_id(id=7)), bool)
    assert_type(ch.ttl(Pipeline.count), float | None)
    assert_type(ch.lock(Pipeline.count), ChannelLock)
    with ch.watch(Pipeline.by_id) as changes:
        assert_type(next(changes).key, str)
    with ch as same:
        assert_type(same, KeysChannel[Pipeline])
    ch.clear()
    ch.close()
