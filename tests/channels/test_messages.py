"""Messages of errors: what went wrong, and about which channel and key, word for word."""

from __future__ import annotations

import inspect
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest

from graflow.channels.base import Channel
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelDataError, ChannelError, ChannelTypeError

NO_LIST = (
    "key 'number' of channel 'test' holds a value that is not a list; delete the key first, or use "
    "another one"
)
NO_PLAIN_DATA = (
    "is of type object, which an untyped channel can't store; use a typed channel "
    "(get_typed_channel) with a schema for it, or convert it to plain data first"
)
NO_INT = "  (the value itself): should be a valid integer, found"
CALLS: list[tuple[Callable[[Channel], Any], str]] = [
    (lambda channel: channel.append("number", 1), f"can't append: {NO_LIST}"),
    (lambda channel: channel.prepend("number", 1), f"can't prepend: {NO_LIST}"),
    (lambda channel: channel.pop("number"), f"can't pop: {NO_LIST}"),
    (lambda channel: TypedChannel(channel, int).pop("number"), f"can't pop: {NO_LIST}"),
    (lambda channel: channel.ttl("gone"), "channel 'test' holds nothing under key 'gone'"),
    (
        lambda channel: channel.update("gone", int),
        "channel 'test' holds nothing under key 'gone'",
    ),
    (
        lambda channel: TypedChannel(channel, int).get("gone"),
        "channel 'test' holds nothing under key 'gone'",
    ),
    (
        lambda channel: TypedChannel(channel, int).get_list("gone"),
        "channel 'test' holds nothing under key 'gone'",
    ),
    (
        lambda channel: channel.atomic_add("text"),
        "can't add to key 'text' of channel 'test': it does not hold a number",
    ),
    (
        lambda channel: channel.set("k", object()),
        f"channel 'test', key 'k': value {NO_PLAIN_DATA}",
    ),
    (
        lambda channel: channel.append("k", {"a": [object()]}),
        f"channel 'test', key 'k': value['a'][0] {NO_PLAIN_DATA}",
    ),
    (
        lambda channel: channel.set_many({"a": 1, "k": object()}),
        f"channel 'test', key 'k': value {NO_PLAIN_DATA}",
    ),
    (
        lambda channel: TypedChannel(channel, int).set("k", "1"),  # type: ignore[arg-type]
        f"channel 'test', key 'k': the value does not fit int:\n{NO_INT} '1'",
    ),
    (
        lambda channel: TypedChannel(channel, int).get("text"),
        f"channel 'test', key 'text': what is stored does not fit int:\n{NO_INT} 'text'",
    ),
    (
        lambda channel: TypedChannel(channel, int).get_many(["number", "text"]),
        f"channel 'test', key 'text': what is stored does not fit int:\n{NO_INT} 'text'",
    ),
    (
        lambda channel: TypedChannel(channel, int).get("list"),
        "channel 'test', key 'list': a list of values is stored here; read it with get_list",
    ),
    (
        lambda channel: TypedChannel(channel, int).get_list("number"),
        "channel 'test', key 'number': a single value is stored here, not a list; read it with get",
    ),
]


@pytest.mark.parametrize(("call", "message"), CALLS)
def test_an_error_names_its_channel_and_key(
    channel: Channel, call: Callable[[Channel], Any], message: str
) -> None:
    """In its text and as attributes, on every backend in the same words."""
    channel.set_many({"number": 1, "text": "text", "list": [1]})
    with pytest.raises(ChannelError) as caught:
        call(channel)
    assert str(caught.value) == message
    assert caught.value.channel == "test"
    assert re.findall(r"key '(\w+)'", message) == [caught.value.key]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda channel: channel.set_many([("a", 1)]),
            "set_many takes a mapping of keys to values, not list",
        ),
        (lambda channel: channel.get_many("ab"), "get_many takes an iterable of keys, not str"),
        (lambda channel: channel.get_many(5), "get_many takes an iterable of keys, not int"),
    ],
)
def test_a_batch_of_the_wrong_form_names_its_channel(
    channel: Channel, call: Callable[[Any], Any], message: str
) -> None:
    """There is no key to name."""
    with pytest.raises(ChannelTypeError) as caught:
        call(channel)
    assert (str(caught.value), caught.value.channel, caught.value.key) == (message, "test", None)


@pytest.mark.parametrize(
    "read",
    [
        lambda channel: channel.get("key"),
        lambda channel: channel.get_many(["other", "key"]),
        lambda channel: channel.pop("key"),
        lambda channel: channel.update("key", len),
    ],
)
def test_what_another_writer_left_is_named(
    channel: Channel, read: Callable[[Channel], Any]
) -> None:
    """Its key, its channel, and what is wrong with it."""
    channel.set("other", 1)
    channel.backend.put("key", [b"{1"], None)
    with pytest.raises(ChannelDataError) as caught:
        read(channel)
    about = "channel 'test', key 'key': the stored text was not written by graflow: "
    assert str(caught.value).startswith(about)
    assert (caught.value.channel, caught.value.key) == ("test", "key")


def test_a_memory_channel_that_is_pickled_says_what_to_use_instead() -> None:
    """It names itself."""
    with pytest.raises(ChannelTypeError) as caught:
        pickle.dumps(MemoryChannel("notes"))
    assert str(caught.value) == (
        "the memory channel 'notes' can't leave its process, so it can't be pickled; "
        "share state between processes with SQLiteChannel(name, path), or on a server with "
        "RedisChannel(name, url=...)"
    )
    assert caught.value.channel == "notes"


def test_a_typed_channel_says_what_it_wraps() -> None:
    """And what it does not."""
    bad: Any = {}
    with pytest.raises(ChannelTypeError, match=r"^a TypedChannel wraps a Channel, not a dict$"):
        TypedChannel(bad, int)


def test_handles_show_their_channel_and_schema() -> None:
    """But no address: there is none."""
    channel = MemoryChannel("notes")
    assert repr(channel) == "MemoryChannel('notes')"
    assert channel.backend.server == ""
    assert (
        repr(TypedChannel(channel, list[int])) == "TypedChannel(MemoryChannel('notes'), list[int])"
    )


@pytest.mark.parametrize("strict", [True, False])
def test_a_typed_channel_is_pickled_with_its_schema(strict: bool) -> None:
    """With its strictness as well; no server is asked."""
    typed = TypedChannel(RedisChannel("c"), list[int], strict=strict)
    copy = pickle.loads(pickle.dumps(typed))
    assert type(copy) is TypedChannel
    assert (copy.name, copy.schema, copy._schema.strict) == ("c", list[int], strict)


def test_a_lock_of_a_typed_channel_is_that_of_its_channel() -> None:
    """It has the same defaults, and takes the same times."""
    channel = MemoryChannel("c")
    assert str(inspect.signature(channel.lock)).startswith(
        "(key: 'str', timeout: 'Seconds' = 10.0, lease: 'Seconds' = 30.0)"
    )
    typed = TypedChannel(channel, int)
    assert inspect.signature(typed.lock) == inspect.signature(channel.lock)
    assert vars(typed.lock("k", 1, 2)) == vars(channel.lock("k", 1, 2))
