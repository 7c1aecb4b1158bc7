"""Channels of declared keys: which keys there are, and what they take."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar

import cloudpickle
import pytest
from typing_extensions import TypeAliasType

from graflow import AsyncTransaction, Key, KeyPattern, Keys, KeysChannel, Transaction
from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.exceptions import (
    ChannelConflictError,
    ChannelKeyError,
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
    LockReentryError,
    SchemaError,
)


class User(TypedDict):
    """The type of one key."""

    name: str


class Pipeline(Keys):
    """The keys of a pipeline."""

    logs = Key(list[str], doc="What happened.")
    user = Key(User, ttl=3600, doc="Who is logged in.")
    users = Key(list[User])
    count = Key(int)
    rate = Key(float)
    note = Key(str | None, name="the note")
    by_id = KeyPattern("user:{id}", User, ttl=60)
    visits = KeyPattern("visits:{id}:{page}", list[str])


class Other(Keys, prefix="other:"):
    """Keys of another class, with some of the same attributes."""

    logs = Key(list[str])
    user = Key(User)


class More(Pipeline):
    """More keys."""

    extra = Key(int)


class Brief(Keys):
    """Keys that don't last."""

    count = Key(int, ttl=100)
    logs = Key(list[str], ttl=100)
    note = Key(str, ttl=100)
    plain = Key(str)


ADA: User = {"name": "Ada"}
BOB: User = {"name": "Bob"}


@pytest.fixture
def state(channel: Channel) -> KeysChannel[Pipeline]:
    """An empty channel with the keys of a pipeline, on each backend."""
    return channel.of(Pipeline)


@pytest.fixture
def brief(channel: Channel) -> KeysChannel[Brief]:
    """An empty channel with keys that don't last, on each backend."""
    return channel.of(Brief)


def test_values_come_back(state: KeysChannel[Pipeline], channel: Channel) -> None:
    """They are stored under the names of the attributes, or under those that were given."""
    state.set(Pipeline.user, ADA)
    state.set(Pipeline.note, None)
    state.set(Pipeline.by_id(id=7), BOB)
    assert state.get(Pipeline.user) == ADA
    assert state.get(Pipeline.note) is None
    assert state.get(Pipeline.by_id(id=7)) == BOB
    assert sorted(channel.keys()) == ["the note", "user", "user:7"]


def test_a_missing_value_is_an_error_without_a_default(state: KeysChannel[Pipeline]) -> None:
    """As of a keyed channel."""
    assert state.get(Pipeline.count, None) is None
    with pytest.raises(ChannelKeyError):
        state.get(Pipeline.count)
    with pytest.raises(ChannelKeyError):
        state.entry(Pipeline.user)


def test_a_value_that_does_not_fit_changes_nothing(state: KeysChannel[Pipeline]) -> None:
    """Whatever operation it is given to."""
    wrong: Any = {"nam": 3}
    state.set(Pipeline.user, ADA)
    state.append(Pipeline.users, ADA)
    for attempt in (
        lambda: state.set(Pipeline.user, wrong),
        lambda: state.add(Pipeline.by_id(id=1), wrong),
        lambda: state.set(Pipeline.user, wrong, if_etag=state.entry(Pipeline.user).etag),
        lambda: state.update(Pipeline.user, lambda user: wrong),
        lambda: state.set_many({Pipeline.count: 3, Pipeline.user: wrong}),
        lambda: state.append(Pipeline.users, wrong),
        lambda: state.prepend(Pipeline.users, wrong),
    ):
        with pytest.raises(ChannelValidationError):
            attempt()
    assert state.get(Pipeline.user) == ADA
    assert state.get(Pipeline.users) == [ADA]
    assert not state.exists(Pipeline.count)


def test_what_others_wrote_is_checked(state: KeysChannel[Pipeline], channel: Channel) -> None:
    """Data that does not fit stays where it is."""
    channel.set("user", {"nam": 3})
    channel.append("users", 3)
    for attempt in (
        lambda: state.get(Pipeline.user),
        lambda: state.entry(Pipeline.user),
        lambda: state.get_many([Pipeline.user]),
        lambda: state.wait_for(Pipeline.user, timeout=0),
        lambda: state.update(Pipeline.user, lambda user: user),
        lambda: state.pop(Pipeline.users),
    ):
        with pytest.raises(ChannelValidationError):
            attempt()
    assert channel.get("user") == {"nam": 3}
    assert channel.get("users") == [3]


def test_keys_of_others_are_refused(state: KeysChannel[Pipeline]) -> None:
    """Of other classes, of none, and of subclasses that add to this one; and so is text."""
    strangers: list[Any] = [Other.user, More.extra, Key(User, name="user")]
    for stranger in strangers:
        for attempt in (state.get, state.delete, state.exists, state.ttl, state.lock, state.watch):
            with pytest.raises(ChannelValueError, match="Pipeline has no key <key"):
                attempt(stranger)
        with pytest.raises(ChannelValueError):
            state.set_many({stranger: ADA})
    text: Any = "user"
    with pytest.raises(ChannelTypeError, match="a Key of Pipeline is needed, not 'user'"):
        state.get(text)
    many: Any = Pipeline.by_id
    with pytest.raises(ChannelTypeError, match=r"stands for many keys; write \(id=\.\.\.\)"):
        state.get(many)


def test_a_key_of_a_class_that_was_defined_again(channel: Channel) -> None:
    """As in a notebook, whose channel is still that of the first one."""
    first, again = (type("Cell", (Keys,), {"count": Key(int)}) for _ in range(2))
    with pytest.raises(ChannelValueError, match=r"key Cell\.count>; Cell was defined again"):
        channel.of(first).get(vars(again)["count"])


def test_a_subclass_has_the_keys_of_its_base(channel: Channel) -> None:
    """They are the same keys, and a channel of either takes them."""
    more, state = channel.of(More), channel.of(Pipeline)
    more.set(More.user, ADA)
    more.set(More.extra, 1)
    inherited: Any = More.user
    assert state.get(Pipeline.user) == state.get(inherited) == ADA
    assert more.keys() == [Pipeline.user, More.extra]
    assert state.keys() == [Pipeline.user]


def test_prefixes_keep_classes_apart(state: KeysChannel[Pipeline], channel: Channel) -> None:
    """Each class has its own value under the same attribute."""
    other = channel.of(Other)
    state.append(Pipeline.logs, "ours")
    other.append(Other.logs, "theirs")
    assert (state.get(Pipeline.logs), other.get(Other.logs)) == (["ours"], ["theirs"])
    assert channel.get("other:logs") == ["theirs"]


def test_lists(state: KeysChannel[Pipeline]) -> None:
    """`append`, `prepend` and `pop` take and return items."""
    assert state.append(Pipeline.users, ADA) == 1
    assert state.prepend(Pipeline.users, BOB) == 2
    assert state.get(Pipeline.users) == [BOB, ADA]
    assert state.pop(Pipeline.users) == BOB
    assert state.pop(Pipeline.users) == ADA
    assert state.pop(Pipeline.users) is None
    assert state.pop(Pipeline.users, 3, timeout=0) == 3
    assert state.append(Pipeline.visits(id=1, page="/"), "yes") == 1
    single: Any = Pipeline.count
    for attempt in (state.append, state.prepend, state.pop):
        with pytest.raises(ChannelTypeError, match="'count' is not a list in Pipeline"):
            attempt(single, 1)


def test_sums(state: KeysChannel[Pipeline]) -> None:
    """Numbers of the key's type can be added to it; an int fits a float."""
    assert state.atomic_add(Pipeline.count) == 1
    assert state.atomic_add(Pipeline.count, 4) == 5
    assert state.atomic_add(Pipeline.rate, 2) == 2
    assert state.atomic_add(Pipeline.rate, 0.5) == 2.5
    assert (state.get(Pipeline.count), state.get(Pipeline.rate)) == (5, 2.5)
    half: Any = 0.5
    with pytest.raises(ChannelTypeError, match="can't add a float: key 'count' is an int"):
        state.atomic_add(Pipeline.count, half)
    wrong: Any = True
    with pytest.raises(ChannelTypeError):
        state.atomic_add(Pipeline.count, wrong)
    text: Any = Pipeline.note
    with pytest.raises(ChannelTypeError, match="'the note' is not a number in Pipeline"):
        state.atomic_add(text)
    assert state.get(Pipeline.count) == 5


def test_a_sum_on_a_key_that_holds_something_else(
    state: KeysChannel[Pipeline], brief: KeysChannel[Brief], channel: Channel
) -> None:
    """It is refused, with and without a TTL of the key."""
    channel.set("count", "three")
    with pytest.raises(ChannelTypeError, match="does not hold a number"):
        state.atomic_add(Pipeline.count)
    with pytest.raises(ChannelTypeError, match="does not hold a number"):
        brief.atomic_add(Brief.count)
    assert channel.get("count") == "three"
    assert channel.ttl("count") is None


def test_updates_and_entries(state: KeysChannel[Pipeline]) -> None:
    """As of a typed channel."""
    assert state.update(Pipeline.count, lambda count: count + 1, 0) == 1
    assert state.update(Pipeline.count, fn=lambda count: count + 1) == 2
    entry = state.entry(Pipeline.count)
    assert entry.value == 2
    state.set(Pipeline.count, 3, if_etag=entry.etag)
    with pytest.raises(ChannelConflictError):
        state.set(Pipeline.count, 4, if_etag=entry.etag)
    assert not state.add(Pipeline.count, 5)
    assert state.add(Pipeline.note, "first")
    assert (state.get(Pipeline.count), state.get(Pipeline.note)) == (3, "first")


def test_several_at_once(state: KeysChannel[Pipeline]) -> None:
    """What is read is a mapping by key, without those that hold nothing."""
    state.set_many({Pipeline.count: 3, Pipeline.by_id(id=1): ADA})
    found = state.get_many([Pipeline.count, Pipeline.by_id(id=1), Pipeline.user, Pipeline.count])
    assert found[Pipeline.count] == 3
    assert found[Pipeline.by_id(id="1")] == ADA
    assert (Pipeline.user in found, Pipeline.count in found) == (False, True)
    assert found.get(Pipeline.user) is None
    assert found.get(Pipeline.user, BOB) == BOB
    assert list(found) == [Pipeline.count, Pipeline.by_id(id=1)]
    assert len(found) == 2
    with pytest.raises(KeyError):
        found[Pipeline.user]
    wrong: Any = 3
    with pytest.raises(ChannelTypeError):
        state.get_many(wrong)
    with pytest.raises(ChannelTypeError):
        state.set_many(wrong)


def test_each_write_gives_a_key_its_own_ttl(
    brief: KeysChannel[Brief], channel: Channel, advance: Callable[[float], None]
) -> None:
    """Whichever operation writes; a TTL that is given wins."""
    writes: list[tuple[str, Callable[[], object]]] = [
        ("note", lambda: brief.set(Brief.note, "a")),
        ("note", lambda: brief.set(Brief.note, "b", if_etag=brief.entry(Brief.note).etag)),
        ("note", lambda: brief.update(Brief.note, str.upper)),
        ("note", lambda: brief.set_many({Brief.note: "c", Brief.plain: "d"})),
        ("count", lambda: brief.atomic_add(Brief.count)),
        ("count", lambda: brief.atomic_add(Brief.count)),
        ("logs", lambda: brief.append(Brief.logs, "a")),
        ("logs", lambda: brief.prepend(Brief.logs, "b")),
    ]
    for key, write in writes:
        write()
        left = channel.ttl(key)
        assert left is not None
        assert 60 < left <= 100
        advance(30)
    brief.delete(Brief.note)
    assert brief.add(Brief.note, "e")
    assert brief.ttl(Brief.note) is not None
    brief.delete(Brief.count)
    assert brief.update(Brief.count, lambda count: count + 1, 3) == 4
    assert brief.ttl(Brief.count) is not None
    assert brief.ttl(Brief.plain) is None
    brief.set(Brief.note, "f", 500)
    assert (brief.ttl(Brief.note) or 0) > 400
    brief.set_many({Brief.count: 1}, ttl=500)
    assert (brief.ttl(Brief.count) or 0) > 400


def test_times_to_live(state: KeysChannel[Pipeline]) -> None:
    """They can be read and changed."""
    state.set(Pipeline.count, 1)
    assert state.ttl(Pipeline.count) is None
    assert state.touch(Pipeline.count, 100)
    assert state.ttl(Pipeline.count) is not None
    assert state.persist(Pipeline.count)
    assert state.ttl(Pipeline.count) is None
    assert not state.touch(Pipeline.note, 100)


def test_the_keys_that_are_there(state: KeysChannel[Pipeline], channel: Channel) -> None:
    """They come in the order of the class, those of patterns after them; `clear` removes them."""
    channel.set_many({"else": 1, "user:": 2, "user:%zz": 3})
    state.set(Pipeline.by_id(id=2), ADA)
    state.set(Pipeline.by_id(id="ö/"), ADA)
    state.append(Pipeline.visits(id=1, page="a:b"), "x")
    state.set(Pipeline.note, "n")
    state.append(Pipeline.logs, "x")
    own = [Pipeline.by_id(id="ö/"), Pipeline.by_id(id=2)]
    assert state.keys() == [Pipeline.logs, Pipeline.note, *own, Pipeline.visits(id=1, page="a:b")]
    assert state.keys(Pipeline.by_id) == own
    assert Pipeline.logs in state
    assert Pipeline.count not in state
    assert state.delete(Pipeline.note)
    assert not state.delete(Pipeline.note)
    foreign: Any = KeyPattern("user:{id}", User)
    with pytest.raises(ChannelTypeError, match="a key pattern of Pipeline is needed"):
        state.keys(foreign)
    state.clear()
    assert state.keys() == []
    assert sorted(channel.keys()) == ["else", "user:", "user:%zz"]
    state.clear()


def test_waiting(state: KeysChannel[Pipeline]) -> None:
    """For a value, and not for longer than it is said."""
    state.set(Pipeline.count, 3)
    assert state.wait_for(Pipeline.count) == 3
    assert state.wait_for(Pipeline.count, lambda count: count > 2, timeout=1) == 3
    with pytest.raises(ChannelTimeoutError):
        state.wait_for(Pipeline.count, lambda count: count > 3, timeout=0)


def test_watching(state: KeysChannel[Pipeline], channel: Channel) -> None:
    """All keys of the class, those of a pattern, or one; and never those of others."""
    channel.set("else", 1)
    state.set(Pipeline.by_id(id=7), ADA)
    state.set(Pipeline.count, 1)
    with state.watch() as changes:
        assert {next(changes).key, next(changes).key} == {"user:7", "count"}
    with state.watch(Pipeline.by_id) as changes:
        change = next(changes)
        assert Pipeline.by_id.match(change.key) == {"id": "7"}
        assert Pipeline.by_id.key(change.key) == Pipeline.by_id(id=7)
    with state.watch(Pipeline.count, start=False) as changes:
        channel.set("else", 2)
        state.set(Pipeline.by_id(id=7), BOB)
        state.set(Pipeline.count, 2)
        assert next(changes).key == "count"
    with channel.of(Other).watch(start=False) as changes:
        state.set(Pipeline.count, 3)
        channel.of(Other).set(Other.user, ADA)
        assert next(changes).key == "other:user"


def test_locks(state: KeysChannel[Pipeline], channel: Channel) -> None:
    """A lock has the name of a key."""
    with state.lock(Pipeline.by_id(id=7)), pytest.raises(LockReentryError):
        channel.lock("user:7", timeout=0).__enter__()


def test_transactions(channel: Channel, state: KeysChannel[Pipeline]) -> None:
    """All of it happens at one moment, or nothing."""
    state.set(Pipeline.count, 3)

    def move(tx: Transaction) -> int:
        inside = tx.of(Pipeline)
        inside.append(Pipeline.logs, "moved")
        inside.set(Pipeline.by_id(id=1), ADA)
        inside.atomic_add(Pipeline.count, -1)
        assert inside.get(Pipeline.count) == 2
        assert inside.keys() == [Pipeline.logs, Pipeline.count, Pipeline.by_id(id=1)]
        return inside.get(Pipeline.count)

    assert channel.transact(move) == 2
    assert state.get(Pipeline.logs) == ["moved"]

    def fail(tx: Transaction) -> None:
        tx.of(Pipeline).append(Pipeline.logs, "again")
        wrong: Any = "three"
        tx.of(Pipeline).set(Pipeline.count, wrong)

    with pytest.raises(ChannelValidationError):
        channel.transact(fail)
    assert state.get(Pipeline.logs) == ["moved"]


def test_a_sum_in_a_transaction_is_in_conflict_with_nobody(
    channel: Channel, brief: KeysChannel[Brief]
) -> None:
    """Also if its key has a TTL of its own."""

    def count(tx: Transaction) -> None:
        tx.of(Brief).atomic_add(Brief.count)
        brief.atomic_add(Brief.count)  # somebody else's

    channel.transact(count, attempts=1)
    assert brief.get(Brief.count) == 2
    assert brief.ttl(Brief.count) is not None


async def awaited(state: KeysChannel[Pipeline]) -> None:
    """Do one of each on an event loop."""
    own = state.aio
    await own.set(Pipeline.user, {"name": "Ada"})
    assert await own.get(Pipeline.user) == ADA
    assert await own.get(Pipeline.note, None) is None
    assert await own.add(Pipeline.note, "n")
    assert await own.append(Pipeline.logs, "a") == 1
    assert await own.pop(Pipeline.logs) == "a"
    assert await own.atomic_add(Pipeline.count, 2) == 2

    async def more(count: int) -> int:
        return count + 1

    assert await own.update(Pipeline.count, more) == 3
    assert await own.update(Pipeline.count, lambda count: count + 1) == 4
    assert (await own.get_many([Pipeline.count]))[Pipeline.count] == 4
    assert await own.keys() == [Pipeline.user, Pipeline.count, Pipeline.note]
    async with own.lock(Pipeline.count):
        await own.touch(Pipeline.count, 5)
    async with own.watch(Pipeline.count) as changes:
        assert (await anext(changes)).key == "count"
    with pytest.raises(ChannelValueError):
        await own.exists(Other.user)  # type: ignore[arg-type]
    await own.clear()
    assert await own.keys() == []


def test_the_awaitable_face(state: KeysChannel[Pipeline]) -> None:
    """It has the same keys, also as `channel.aio.of`."""
    asyncio.run(awaited(state))
    assert repr(state.channel.aio.of(Pipeline)) == repr(state.aio)
    assert state.aio.schema is Pipeline
    assert state.aio.channel is state.channel.aio


def test_transactions_on_an_event_loop(channel: Channel, state: KeysChannel[Pipeline]) -> None:
    """All of it happens at one moment there, too."""

    async def move(tx: AsyncTransaction) -> list[str]:
        inside = tx.of(Pipeline)
        await inside.append(Pipeline.logs, "moved")
        await inside.set(Pipeline.by_id(id=1), {"name": "Ada"})
        return await inside.get(Pipeline.logs)

    assert asyncio.run(channel.aio.transact(move)) == ["moved"]
    assert state.keys() == [Pipeline.logs, Pipeline.by_id(id=1)]


def test_handles_can_be_pickled(open_channel: Callable[[str], Channel]) -> None:
    """With their class; and so can keys, which are the same afterwards."""
    channel = open_channel("pickled")
    state = channel.of(Pipeline, strict=False)
    keys = [Pipeline.user, Pipeline.by_id(id=7), Pipeline.logs]
    for dumped in (pickle.dumps(keys), cloudpickle.dumps(keys)):  # type: ignore[no-untyped-call]
        copies = pickle.loads(dumped)
        assert copies == keys
        assert [each.ttl for each in copies] == [3600, 60, None]
        state.set(copies[1], BOB)
        assert state.get(Pipeline.by_id(id=7)) == BOB
    if channel.shared:
        again = pickle.loads(pickle.dumps(state))
        again.set(Pipeline.count, "3")
        assert state.get(Pipeline.count) == 3
        assert repr(again) == repr(state)


def test_a_class_that_is_pickled_whole_keeps_its_keys() -> None:
    """As that of a script is, when its tasks go to other processes."""

    class Local(Keys, prefix="local:"):
        """Keys that no module has."""

        count = Key(int)
        by_id = KeyPattern("id:{id}", int)

    key, kind = pickle.loads(
        cloudpickle.dumps((Local.by_id(id=1), Local))  # type: ignore[no-untyped-call]
    )
    state = MemoryChannel("test").of(kind)
    state.set(kind.count, 2)
    state.set(key, 3)
    assert state.keys() == [kind.count, kind.by_id(id=1)]


def test_a_key_that_was_pickled_when_there_was_one(state: KeysChannel[Pipeline]) -> None:
    """The class of today does not have it, by name or by pattern."""
    for key, attribute in ((Pipeline.by_id(id=7), "pattern"), (Pipeline.count, "name")):
        old = pickle.loads(pickle.dumps(key))
        setattr(old, attribute, "before")
        with pytest.raises(ChannelValueError, match="Pipeline has no key"):
            state.get(old)


def test_values_can_be_converted(channel: Channel) -> None:
    """With `strict=False`, as in a typed channel."""
    text: Any = "3"
    with pytest.raises(ChannelValidationError):
        channel.of(Pipeline).set(Pipeline.count, text)
    channel.of(Pipeline, strict=False).set(Pipeline.count, text)
    assert channel.get("count") == 3


def test_only_a_class_of_keys_will_do() -> None:
    """A `TypedDict` is for a keyed channel."""
    wrong: Any = User
    with pytest.raises(SchemaError, match=r"a class of Keys is needed, not <class .*User'>"):
        MemoryChannel("test").of(wrong)


def test_a_type_that_can_not_be_stored() -> None:
    """The message says which key it is."""

    class Unstorable(Keys):
        """A key with a function."""

        callback = Key(Callable[[], None])

    with pytest.raises(SchemaError, match=r"key Unstorable\.callback: "):
        MemoryChannel("test").of(Unstorable)


def test_aliases_of_lists_and_numbers(channel: Channel) -> None:
    """A type checker takes them for what they stand for, and so does the channel."""
    item = TypeVar("item")
    other = TypeVar("other")
    rows = TypeAliasType("rows", list[item], type_params=(other, item))
    total = TypeAliasType("total", int)
    made: Any = type("Made", (Keys,), {"rows": Key(rows[str, int]), "total": Key(total)})
    state = channel.of(made)
    assert state.append(made.rows, 3) == 1
    with pytest.raises(ChannelValidationError):
        state.append(made.rows, "3")
    assert state.atomic_add(made.total, 2) == 2


def test_schemas_of_every_kind(channel: Channel) -> None:
    """A dataclass comes back as one."""

    @dataclass
    class Point:
        x: int

    class Shapes(Keys):
        """Keys of other types."""

        point = Key(Point)
        anything = Key(Any)

    shapes = channel.of(Shapes)
    shapes.set(Shapes.point, Point(3))
    shapes.set(Shapes.anything, {"x": [1, None]})
    assert shapes.get(Shapes.point) == Point(3)
    assert shapes.get(Shapes.anything) == {"x": [1, None]}
