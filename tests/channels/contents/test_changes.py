"""Changes in a channel that is not shared: enough to make it again, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graflow.channels.commits.settling import Ends
from graflow.channels.contents.change_log import Changes, replay
from graflow.channels.contents.tracking import Comparison, Tracker, refill, tracker_of
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelTypeError
from tests.backends import MemoryBackend

Step = Callable[[MemoryChannel, str], object]

STEPS: list[Step] = [
    lambda channel, key: channel.set(key, 1),
    lambda channel, key: channel.set(key, [1, 2, 3]),
    lambda channel, key: channel.set(key, [], ttl=60),
    lambda channel, key: channel.append(key, "tail"),
    lambda channel, key: channel.append(key, "tail with ttl", ttl=50),
    lambda channel, key: channel.prepend(key, "head"),
    lambda channel, key: channel.pop(key),
    lambda channel, key: TypedChannel(channel, object).pop(key),
    lambda channel, key: channel.update(key, lambda value: [value], default=0),
    lambda channel, key: channel.atomic_add(key),
    lambda channel, key: channel.delete(key),
    lambda channel, key: channel.set_many({key: 2, "other": [3]}),
    lambda channel, key: channel.clear(),
]


KINDS: list[Callable[[MemoryChannel], Tracker]] = [
    lambda channel: tracker_of(channel.backend),
    lambda channel: Comparison(channel.backend),
]
"""What a memory channel knows of its changes, and what is found out of any other."""


def content(channel: MemoryChannel) -> dict[str, tuple[object, float | None]]:
    """Return all keys with their values, and the seconds left, to 10 s."""
    found: dict[str, tuple[object, float | None]] = {}
    keys = channel.keys()
    for key in keys:
        left = channel.ttl(key)
        found[key] = channel.get(key), None if left is None else round(left, -1)
    return found


@pytest.mark.parametrize("track", KINDS)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, len(STEPS) - 1), st.sampled_from("abc"), st.integers(0, 3))
    )
)
def test_changes_make_the_same_channel_again(
    track: Callable[[MemoryChannel], Tracker], steps: list[tuple[int, str, int]]
) -> None:
    """Whatever was done between two looks, and however often one looks."""
    backend = MemoryBackend()
    channel = backend.open("a")
    channel.set_many({"a": [1, 2], "b": 1})
    tracker = track(channel)
    taken = [tracker.take(everything=True)]
    for step, key, look in steps:
        with suppress(ChannelTypeError):
            STEPS[step](channel, key)
        if not look:
            taken.append(tracker.take(everything=False))
    taken.append(tracker.take(everything=False))
    again = backend.open("b")
    again.set_many({"old": 1, "not mine": 1})
    refill(again.backend, replay(taken), lambda key: key != "not mine")
    assert again.delete("not mine")
    assert content(again) == content(channel)


def test_a_change_of_a_long_list_is_as_long_as_what_changed() -> None:
    """Items that were added or popped, not the list; and a key that did not change is not told."""
    channel = MemoryChannel()
    channel.set_many({"long": list(range(1_000)), "still": 1, "gone": 1})
    tracker = tracker_of(channel.backend)
    tracker.take(everything=True)
    channel.append("long", "a")
    channel.append("long", "b")
    channel.pop("long")
    channel.pop("long")
    channel.prepend("long", "c")
    channel.delete("gone")
    changes = tracker.take(everything=False)
    assert sorted(changes.keys) == [
        ("gone", None, None),
        ("long", Ends(2, [b'"c"'], [b'"a"', b'"b"']), None),
    ]
    assert tracker.take(everything=False) == Changes(False, [])
    channel.clear()
    assert tracker.take(everything=False) == Changes(True, [])
    tracker.close()
    channel.set("unseen", 1)
    assert tracker.take(everything=False) == Changes(False, [])


@pytest.mark.parametrize("track", KINDS)
def test_what_has_expired_meanwhile_does_not_come_back(
    track: Callable[[MemoryChannel], Tracker],
) -> None:
    """Expiries are told as times of the clock on the wall, and keys keep what they have left."""
    backend = MemoryBackend()
    channel = backend.open("a")
    channel.set("short", 1, ttl=0.001)
    channel.append("long", 1, ttl=100)
    channel.set("ever", 1)
    tracker = track(channel)
    taken = tracker.take(everything=True)
    now = round(time.time() * 1000)
    expires = {change.key: change.expires for change in taken.keys}
    assert expires["ever"] is None
    assert expires["long"] is not None
    assert 90_000 < expires["long"] - now <= 100_001  # both are rounded
    passed = [
        change._replace(expires=change.expires and change.expires - 50_000) for change in taken.keys
    ]
    again = backend.open("b")
    refill(again.backend, replay([Changes(True, passed)]), lambda key: True)
    assert sorted(again.keys()) == ["ever", "long"]
    left = again.ttl("long")
    assert left is not None
    assert 40 < left <= 50
    backend.advance(60)
    assert again.keys() == ["ever"]


def test_a_key_that_did_not_change_is_not_told_of_by_a_comparison() -> None:
    """One with a time to live may be, if it took long to ask for it."""
    channel = MemoryChannel()
    channel.set_many({"still": [1, 2], "gone": 1})
    channel.set("for a while", 1, ttl=60)
    tracker = Comparison(channel.backend)
    tracker.take(everything=True)
    assert {change.key for change in tracker.take(everything=False).keys} <= {"for a while"}
    channel.set("for a while", 1, ttl=600)
    channel.delete("gone")
    longer, gone = tracker.take(everything=False).keys
    assert (longer.key, longer.now) == ("for a while", b"1")
    assert longer.expires is not None
    assert longer.expires > (time.time() + 500) * 1000
    assert gone == ("gone", None, None)
    tracker.close()
