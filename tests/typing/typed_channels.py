"""Types that checkers infer of typed channels. Checked by mypy and pyright, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar, assert_type

from pydantic import BaseModel

from graflow.channels.base import Channel
from graflow.channels.locks.lock import HeldLock
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.core.context import TaskExecutionContext

T = TypeVar("T")


class User(TypedDict):
    """A schema of fields."""

    name: str
    age: int


class Page(TypedDict, Generic[T]):
    """A generic schema."""

    items: list[T]


class Model(BaseModel):
    """A pydantic model."""

    name: str


class Point(NamedTuple):
    """A named tuple."""

    x: int


@dataclass
class Job:
    """A dataclass."""

    name: str


def every_form_of_type_is_a_schema(channel: Channel) -> None:
    """The type of the values follows from the schema, whatever form it has."""
    assert_type(TypedChannel(channel, User), TypedChannel[User])
    assert_type(TypedChannel(channel, Model), TypedChannel[Model])
    assert_type(TypedChannel(channel, Job), TypedChannel[Job])
    assert_type(TypedChannel(channel, Point), TypedChannel[Point])
    assert_type(TypedChannel(channel, int), TypedChannel[int])
    assert_type(TypedChannel(channel, None), TypedChannel[None])
    assert_type(TypedChannel(channel, list[int]), TypedChannel[list[int]])
    assert_type(TypedChannel(channel, dict[str, User]), TypedChannel[dict[str, User]])
    assert_type(TypedChannel(channel, Page[User]), TypedChannel[Page[User]])
    assert_type(TypedChannel(channel, int | None), TypedChannel[int | None])
    assert_type(TypedChannel(channel, Annotated[int, "a note"]), TypedChannel[int])
    assert_type(TypedChannel(channel, Literal["a", 1]), TypedChannel[Literal["a", 1]])
    assert_type(TypedChannel(channel, "list[User]"), TypedChannel[list[User]])
    assert_type(TypedChannel(channel, User, strict=False), TypedChannel[User])


def the_context_infers_the_same(ctx: TaskExecutionContext) -> None:
    """A task gets the same types from its context."""
    assert_type(ctx.get_typed_channel(User), TypedChannel[User])
    assert_type(ctx.get_typed_channel(list[int]), TypedChannel[list[int]])
    assert_type(ctx.get_typed_channel(int | None), TypedChannel[int | None])


def reading(users: TypedChannel[User], number: int) -> None:
    """What is read has the type of the schema, and that of a default where one is given."""
    assert_type(users.get("key"), User)
    assert_type(users.get("key", None), User | None)
    assert_type(users.get("key", default=number), User | int)
    assert_type(users.get("key")["name"], str)
    assert_type(users.get_list("key"), list[User])
    assert_type(users.get_list("key", None), list[User] | None)
    assert_type(users.pop("key"), User | None)
    assert_type(users.pop("key", number), User | int)
    assert_type(users.get_many(["key"]), dict[str, User])


def writing(users: TypedChannel[User], several: Mapping[str, User]) -> None:
    """What is written has to have the type of the schema."""
    assert_type(users.append("key", {"name": "Zoë", "age": 30}), int)
    assert_type(users.prepend("key", {"name": "Zoë", "age": 30}, ttl=1.5), int)
    users.set("key", {"name": "Zoë", "age": 30})
    users.set_many(several, ttl=60)
    users.set_many({"key": {"name": "Zoë", "age": 30}})
    assert_type(users.update("key", lambda user: {**user, "age": 31}), User)
    assert_type(users.update("key", lambda user: user, {"name": "Zoë", "age": 30}), User)


def the_rest(users: TypedChannel[User]) -> None:
    """What does not depend on the schema is as in a channel."""
    assert_type(users.channel, Channel)
    assert_type(users.name, str)
    assert_type(users.delete("key"), bool)
    assert_type(users.exists("key"), bool)
    assert_type(users.keys(), list[str])
    assert_type(users.ttl("key"), float | None)
    assert_type("key" in users, bool)
    with users.lock("key") as held:
        assert_type(held, HeldLock)
        users.clear()
    with users as same:
        assert_type(same, TypedChannel[User])
    users.close()


def locks(channel: Channel) -> None:
    """What `acquire` returns is what `release` takes."""
    lock = channel.lock("key")
    held = lock.acquire(timeout=1)
    assert_type(held, HeldLock)
    lock.release(held)
    lock.release()
    held.release()
    with lock.acquire() as block:
        assert_type(block.fence, int)
    lock.release(3)  # type: ignore[arg-type]


def embedded() -> None:
    """All is given by name."""
    assert_type(RedisChannel.embedded(path="data", name="orders"), RedisChannel)
    RedisChannel.embedded("data")  # type: ignore[arg-type]


def of_any_type(channel: Channel, form: type[T]) -> TypedChannel[T]:
    """A function can pass on a type that it is given."""
    return TypedChannel(channel, form)


def mistakes(channel: Channel, users: TypedChannel[User], anything: Any) -> None:
    """What would be refused at run time is an error of the checker.

    Mypy reports an ignore whose error is gone, and so does pyright, which takes the ignores of
    mypy for its own.
    """
    users.set("key", {"name": "Zoë"})  # type: ignore[typeddict-item]
    users.set("key", {"name": "Zoë", "age": "30"})  # type: ignore[typeddict-item]
    users.set("key", {"name": "Zoë", "age": 30, "more": 1})  # type: ignore[typeddict-unknown-key]
    users.append("key", 3)  # type: ignore[arg-type]
    users.set_many({"key": 3})  # type: ignore[dict-item]
    users.update("key", lambda user: 3)  # type: ignore[arg-type, return-value]
    users.get("key")["nmae"]  # type: ignore[typeddict-item]
    users.atomic_add("key")  # type: ignore[attr-defined]
    users.set("key", anything)
    TypedChannel(channel, 3)  # type: ignore[arg-type]
    TypedChannel(User, channel)  # type: ignore[arg-type]
    name: str = users.get("key")  # type: ignore[assignment]
    users.exists(name)
    bool(3 in users)  # type: ignore[operator]
    bool(3 in channel)  # type: ignore[operator]
    list(users)  # type: ignore[call-overload]
    list(channel)  # type: ignore[call-overload]
