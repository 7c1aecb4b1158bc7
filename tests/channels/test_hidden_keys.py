"""Hidden keys: no user sees one, or names one, whatever the key."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest

from graflow import Channel, KeyedChannel, TypedChannel
from graflow.channels.hidden_keys import HiddenKey, belongs_to, run_prefix, shown_key
from graflow.exceptions import (
    ChannelKeyError,
    ChannelTimeoutError,
    ChannelTypeError,
    ChannelValidationError,
)

KEYS = ["\0", "\0\0", "\0a", "\0run:1:a.__result__", "\1", "a\0", "\0ü"]

State = TypedDict("State", {"\0list": list[int], "\0count": int})


def test_keys_that_begin_with_a_nul_are_keys_like_any_other(channel: Channel) -> None:
    """In every operation, and in errors they are as the user wrote them."""
    channel.set(HiddenKey("\0a"), "hidden")
    channel.set_many({key: key for key in KEYS})
    assert channel.get_many(KEYS) == {key: key for key in KEYS}
    assert sorted(channel.keys()) == sorted(KEYS)
    assert channel.update("\0a", lambda value: [value]) == ["\0a"]
    assert channel.append("\0a", 1) == 2
    assert channel.pop("\0a") == "\0a"
    assert channel.delete("\0")
    assert not channel.exists("\0")
    assert channel.get(HiddenKey("\0a")) == "hidden"
    for attempt, kind in (
        (lambda: channel.ttl("\0"), ChannelKeyError),
        (lambda: channel.append("\1", 1), ChannelTypeError),
        (lambda: channel.append("\0\0", 1), ChannelTypeError),
        (lambda: channel.atomic_add("\0\0"), ChannelTypeError),
        (lambda: channel.set("\0\0", object()), ChannelTypeError),
    ):
        with pytest.raises(kind) as caught:
            attempt()
        assert caught.value.key in KEYS
        assert repr(caught.value.key) in str(caught.value)


def test_channels_with_a_schema_know_them_too(channel: Channel) -> None:
    """Typed ones and keyed ones."""
    typed = TypedChannel(channel, int)
    typed.set_many({"\0a": 1, "\0\0a": 2})
    assert typed.get_many(["\0a", "\0\0a"]) == {"\0a": 1, "\0\0a": 2}
    assert typed.get("\0a") == 1
    channel.set("\0a", "text")
    with pytest.raises(ChannelValidationError, match=r"key '\\x00a'"):
        typed.get("\0a")
    channel.clear()
    keyed: Any = KeyedChannel(channel, State)
    keyed.append("\0list", 1)
    assert keyed.keys() == ["\0list"]
    with pytest.raises(ChannelKeyError, match=r"'\\x00count'"):
        keyed.get_all()
    keyed.set_all({"\0list": [1, 2], "\0count": 3})
    assert keyed.get_all() == {"\0list": [1, 2], "\0count": 3}
    with pytest.raises(ChannelValidationError, match=r"key '\\x00count'"):
        keyed.set_all({"\0list": [1, 2], "\0count": "3"})


def test_a_lock_may_have_such_a_name(channel: Channel) -> None:
    """And the error shows it."""
    with channel.lock("\0a"), channel.lock("\0\0a"), pytest.raises(ChannelTypeError):
        channel.lock(1)  # type: ignore[arg-type]
    channel.backend.acquire("\0\0a", "somebody", 60_000)
    with pytest.raises(ChannelTimeoutError, match=r"lock '\\x00a'"):
        channel.lock("\0a", timeout=0).__enter__()


@pytest.mark.parametrize(
    ("one", "other"), [("a", "a:b"), ("a:", "a"), ("a%3A", "a:"), ("a\0", "a")]
)
def test_no_two_runs_have_keys_in_common(one: str, other: str) -> None:
    """Whatever their ids are."""
    for first, second in ((one, other), (other, one)):
        mine = belongs_to(first)
        assert mine(f"{run_prefix(first)}b:c")
        assert not mine(f"{run_prefix(second)}b:c")
        assert mine("a user's")
        assert mine("\0\0run:a user's")
        assert shown_key(f"{run_prefix(first)}b:c") == "b:c"
