"""Types of channels on an event loop, for mypy and pyright."""

from __future__ import annotations

from typing import Any, TypedDict, assert_type

from graflow import (
    AsyncChannel,
    AsyncKeyedChannel,
    AsyncTransaction,
    AsyncTypedChannel,
    Entry,
    KeyedChannel,
    MemoryChannel,
    TypedChannel,
)


class User(TypedDict):
    """A schema."""

    name: str


async def plain() -> None:
    """Untyped channels."""
    channel = MemoryChannel().aio
    assert_type(channel, AsyncChannel)
    assert_type(await channel.append("list", 1), int)
    assert_type(await channel.exists("key"), bool)
    assert_type(await channel.keys(), list[str])
    assert_type(await channel.ttl("key"), float | None)
    assert_type(await channel.entry("key"), Entry[Any])
    async with channel.lock("lock") as held:
        assert_type(held.fence, int)

    async def change(tx: AsyncTransaction) -> str:
        await tx.set("key", 1)
        assert_type(tx.typed(User), AsyncTypedChannel[User])
        return "done"

    assert_type(await channel.transact(change), str)


async def typed(users: TypedChannel[User]) -> None:
    """Typed channels."""
    face = users.aio
    assert_type(face, AsyncTypedChannel[User])
    assert_type(await face.get("ann"), User)
    assert_type(await face.get("ann", None), User | None)
    assert_type(await face.get_list("staff"), list[User])
    assert_type(await face.pop("staff"), User | None)
    assert_type(await face.entry("ann"), Entry[User])
    await face.set("ann", {"name": "Ann"})
    await face.set("ann", {"age": 3})  # type: ignore[typeddict-item, typeddict-unknown-key]  # pyright: ignore[reportArgumentType]
    await face.set("ann", "Ann")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def renamed(user: User) -> User:
        return {"name": user["name"].upper()}

    assert_type(await face.update("ann", renamed), User)
    assert_type(await face.update("ann", lambda user: user), User)


async def keyed(state: KeyedChannel[User]) -> None:
    """Keyed channels."""
    face = state.aio
    assert_type(face, AsyncKeyedChannel[User])
    assert_type(await face.get_all(), User)
    await face.set_all({"name": "Ann"})
