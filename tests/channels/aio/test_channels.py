"""What coroutines do with channels, on every backend."""

from __future__ import annotations

import asyncio
import gc
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypedDict

import pytest

from graflow import (
    AsyncChannel,
    AsyncTransaction,
    Channel,
    ChannelConflictError,
    ChannelKeyError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
    KeyedChannel,
    MemoryChannel,
    TypedChannel,
)


@dataclass
class User:
    """A schema."""

    name: str
    age: int


class Keys(TypedDict):
    """Keys with a type each."""

    count: int
    users: list[User]


def test_both_faces_show_one_channel(channel: Channel) -> None:
    """What one stores the other reads, and threads may go on beside the loop."""

    async def main(face: AsyncChannel) -> None:
        await face.set("key", {"a": (1, 2)})
        assert channel.get("key") == {"a": (1, 2)}
        channel.append("list", 1)
        assert await face.append("list", 2) == 2
        assert await face.get("list") == [1, 2]
        assert await face.pop("list") == 1
        assert await face.atomic_add("sum", 2) == 2
        assert await face.exists("sum")
        assert sorted(await face.keys()) == ["key", "list", "sum"]
        entry = await face.entry("sum")
        await face.set("sum", 7, ttl=60, if_etag=entry.etag)
        with pytest.raises(ChannelConflictError):
            await face.set("sum", 8, if_etag=entry.etag)
        left = await face.ttl("sum")
        assert left is not None
        assert 0 < left <= 60
        await face.set_many({"x": 1, "y": 2})
        assert await face.get_many(["x", "y", "z"]) == {"x": 1, "y": 2}
        assert await face.delete("x")
        await face.clear()
        assert channel.keys() == []

    asyncio.run(main(channel.aio))


def test_errors_name_the_channel_and_the_key(channel: Channel) -> None:
    """As those of the other face."""

    async def main(face: AsyncChannel) -> None:
        with pytest.raises(ChannelTypeError, match=r"channel 'test', key 'key'"):
            await face.set("key", object())
        with pytest.raises(ChannelValueError, match="must not be empty"):
            await face.get("")
        with pytest.raises(ChannelKeyError, match="holds nothing under key 'none'"):
            await face.ttl("none")
        await face.set("key", 1)
        with pytest.raises(ChannelTypeError, match="can't pop"):
            await face.pop("key")

    asyncio.run(main(channel.aio))


def test_typed_and_keyed(channel: Channel) -> None:
    """Schemas hold on the loop as well."""
    typed, keyed = TypedChannel(channel, User), KeyedChannel(channel, Keys)

    async def main() -> None:
        await typed.aio.set("ann", User("Ann", 41))
        assert typed.get("ann") == User("Ann", 41)
        with pytest.raises(ChannelValidationError):
            await typed.aio.set("ann", {"name": "Ann"})  # type: ignore[arg-type]
        assert await typed.aio.update("ann", lambda user: User(user.name, user.age + 1)) == User(
            "Ann", 42
        )
        assert await typed.aio.append("staff", User("Bob", 1)) == 1
        assert await typed.aio.get_list("staff") == [User("Bob", 1)]
        assert await typed.aio.pop("staff") == User("Bob", 1)
        await keyed.aio.set_all({"count": 1, "users": []})
        assert await keyed.aio.append("users", User("Cy", 3)) == 1
        assert await keyed.aio.get_all() == {"count": 1, "users": [User("Cy", 3)]}
        with pytest.raises(ChannelValueError, match="did you mean 'count'"):
            await keyed.aio.get("coumt")  # type: ignore[graflow-key-unknown]
        with pytest.raises(ChannelValidationError):
            await keyed.aio.set("count", "three")  # type: ignore[arg-type]

    asyncio.run(main())


def test_a_function_of_an_update_may_be_a_coroutine_function(channel: Channel) -> None:
    """Or a plain one; of many at once none is lost."""

    async def more(value: Any) -> Any:
        await asyncio.sleep(0)
        return value + 1

    async def main(face: AsyncChannel) -> None:
        functions = [more, lambda value: value + 1] * 5
        await asyncio.gather(*(face.update("sum", each, default=0) for each in functions))
        assert await face.get("sum") == 10

    asyncio.run(main(channel.aio))


def test_a_transaction_is_of_one_moment(channel: Channel) -> None:
    """All or nothing, on what others did not change meanwhile."""

    async def move(tx: AsyncTransaction) -> int:
        ann = await tx.get("ann")
        await asyncio.sleep(0)
        await tx.set("ann", ann - 10)
        await tx.atomic_add("bob", 10)
        return int(ann)

    async def fail(tx: AsyncTransaction) -> None:
        await tx.set("ann", 0)
        await tx.append("log", "failed")
        raise ValueError("not today")

    async def main(face: AsyncChannel) -> None:
        await face.set_many({"ann": 100, "bob": 0})
        seen = await asyncio.gather(*(face.transact(move) for _ in range(5)))
        assert sorted(seen) == [60, 70, 80, 90, 100]
        with pytest.raises(ValueError, match="not today"):
            await face.transact(fail)
        assert await face.get_many(["ann", "bob", "log"]) == {"ann": 50, "bob": 50}

    asyncio.run(main(channel.aio))


def test_what_changes_answer_is_known_where_it_is_used(channel: Channel) -> None:
    """And where it is not, the transaction is never in conflict, whatever others write."""

    async def used(tx: AsyncTransaction) -> str:
        length = await tx.append("list", "a")
        if length > 1:
            await tx.set("many", True)
        return f"{length} {await tx.atomic_add('sum', 5) + 1}"

    async def unused(tx: AsyncTransaction) -> tuple[int, int | float, bool]:
        answers = await tx.append("list", "b"), await tx.atomic_add("sum"), await tx.delete("many")
        channel.append("list", "others'")
        channel.set("many", 1)
        return answers

    async def main(face: AsyncChannel) -> None:
        await face.set("sum", 1)
        assert await face.transact(used) == "1 7"
        assert await face.transact(used) == "2 12"
        assert await face.get("many") is True
        assert await face.transact(unused, attempts=1) == (4, 12, True)
        assert await face.get("list") == ["a", "a", "others'", "b"]

    asyncio.run(main(channel.aio))


def test_a_transaction_is_called_again_after_a_conflict(channel: Channel) -> None:
    """With what is there then; `attempts` says how often."""
    calls = 0

    async def disturbed(tx: AsyncTransaction) -> int:
        nonlocal calls
        calls += 1
        value = await tx.get("key", 0)
        channel.set("key", calls * 10)
        await tx.set("key", value + 1)
        return int(value)

    async def main(face: AsyncChannel) -> None:
        with pytest.raises(ChannelConflictError, match="2 attempts"):
            await face.transact(disturbed, attempts=2)
        assert (calls, await face.get("key")) == (2, 20)

    asyncio.run(main(channel.aio))


def test_parts_views_and_keys_within_a_transaction(channel: Channel) -> None:
    """As in threads: a part that raises leaves nothing."""

    async def part(tx: AsyncTransaction) -> None:
        await tx.set("part", 1)
        raise KeyError("part")

    async def whole(tx: AsyncTransaction) -> list[str]:
        users = tx.typed(User)
        await users.set("ann", User("Ann", 1))
        await tx.keyed(Keys).set("count", 3)
        with pytest.raises(KeyError):
            await tx.transact(part)
        assert await tx.pop("queue") == 1
        assert await tx.pop("queue") == 2
        assert await users.get("ann") == User("Ann", 1)
        with pytest.raises(ChannelTypeError, match="inside a transaction"):
            async with tx.lock("lock"):
                pass
        return sorted(await tx.keys())

    async def main(face: AsyncChannel) -> None:
        await face.append("queue", 1)
        await face.append("queue", 2)
        await face.append("queue", 3)
        assert await face.transact(whole) == ["ann", "count", "queue"]
        assert await face.get("queue") == [3]

    asyncio.run(main(channel.aio))


def test_a_transaction_takes_a_coroutine_function(channel: Channel) -> None:
    """Others would do nothing: nobody awaits what they call."""

    async def generates(tx: AsyncTransaction) -> Any:
        yield tx

    def plain(tx: AsyncTransaction) -> Any:
        tx.set("key", 1).close()

    async def main(face: AsyncChannel) -> None:
        for wrong, kind in ((generates, "generator"), (plain, "plain")):
            with pytest.raises(ChannelTypeError, match=f"'{wrong.__name__}' is a {kind} function"):
                await face.transact(wrong)
        assert await face.keys() == []

    asyncio.run(main(channel.aio))


@pytest.mark.needs_system
def test_loops_of_several_threads_share_it(open_channel: Callable[[str], Channel]) -> None:
    """One handle, four loops, one after the other and at once."""
    channel = open_channel("test")

    async def add() -> None:
        await asyncio.gather(*(channel.aio.atomic_add("sum") for _ in range(25)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: asyncio.run(add()), range(8)))
    assert channel.get("sum") == 200


def test_a_handle_is_pickled_without_its_face(open_channel: Callable[[str], Channel]) -> None:
    """It makes another one in its new process."""
    channel = open_channel("test")
    asyncio.run(channel.aio.set("key", 1))
    if not channel.shared:
        with pytest.raises(ChannelTypeError, match="can't be pickled"):
            pickle.dumps(channel)
        return
    other = pickle.loads(pickle.dumps(channel))
    assert asyncio.run(other.aio.get("key")) == 1


def test_a_face_keeps_its_channel() -> None:
    """`MemoryChannel().aio` is all that some programs have of a channel."""
    face = MemoryChannel("alone").aio
    gc.collect()
    asyncio.run(face.set("key", 1))
    assert asyncio.run(face.get("key")) == 1
    assert repr(face) == "AsyncChannel('alone')"


def test_a_face_is_pickled_as_its_channel_is(channel: Channel) -> None:
    """Where that can be; a channel in memory belongs to its process."""
    try:
        pickled = pickle.dumps(channel)
    except ChannelTypeError:
        with pytest.raises(ChannelTypeError):
            pickle.dumps(channel.aio)
        return

    async def main(face: AsyncChannel) -> int:
        await pickle.loads(pickled).aio.set("key", 1)
        return int(await face.get("key"))

    asyncio.run(channel.aio.set("key", 0))  # so that it has a connection
    assert asyncio.run(main(pickle.loads(pickle.dumps(channel.aio)))) == 1
