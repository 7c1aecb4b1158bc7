"""Values that would cost time out of proportion to their text, if care were not taken.

Each test has sizes at which the time would exceed the limit of the whole suite.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from graflow.channels.codec.codec import decode, encode, encode_item
from graflow.channels.memory_channel import MemoryChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelDataError, ChannelValidationError, ChannelValueError

BITS = 40_000_000
HUGE = 1 << BITS
PRIME = sys.hash_info.modulus
"""What Python takes the hash of a number modulo: 2**61 - 1, or 2**31 - 1 in WebAssembly."""

COLLIDING = [number * PRIME for number in range(300_000)]


@pytest.mark.parametrize("wrap", [lambda n: n, lambda n: {"a": n}, lambda n: (n,), lambda n: [[n]]])
def test_a_huge_int_is_stored_and_read(wrap: Callable[[int], Any]) -> None:
    """Without its decimal digits, which take time that grows with the square of their number."""
    value = wrap(HUGE)
    assert decode(encode(value)) == value
    assert decode(encode_item(value)) == value


def test_a_huge_int_is_read_by_a_typed_channel() -> None:
    """What an untyped one wrote; where another type is wanted, it is refused."""
    channel = MemoryChannel()
    channel.set("int", HUGE)
    channel.set("list", [HUGE, 1])
    assert TypedChannel(channel, int).get("int") == HUGE
    assert TypedChannel(channel, int).get_list("list") == [HUGE, 1]
    assert TypedChannel(channel, list[int]).get("list") == [HUGE, 1]
    with pytest.raises(ChannelValidationError, match="should be a valid string, found an int of"):
        TypedChannel(channel, str).get("int")


def test_a_huge_int_is_counted_and_updated() -> None:
    """By operations that read and write."""
    channel = MemoryChannel()
    channel.set("int", HUGE)
    assert channel.atomic_add("int", 1) == HUGE + 1
    assert channel.update("int", lambda number: number - 1) == HUGE


@pytest.mark.parametrize(
    "value",
    [
        lambda: set(range(300_000)),
        lambda: {2**power for power in range(325 * PRIME.bit_length())},
        lambda: {(number, -number): number for number in range(100_000)},
    ],
    ids=["a range", "powers of two", "pairs"],
)
def test_a_large_set_is_stored_and_read(value: Callable[[], Any]) -> None:
    """Also one in which some hashes are equal by nature."""
    made = value()
    assert decode(encode(made)) == made


@pytest.mark.parametrize(
    "text",
    [
        b'{"$set":[%b]}' % b",".join(b"%d" % number for number in COLLIDING),
        b'{"$frozenset":[%b]}' % b",".join(b"%d" % number for number in COLLIDING),
        b'{"$dict":[%b]}' % b",".join(b"[%d,1]" % number for number in COLLIDING),
        b'{"$set":[%b]}' % b",".join(b'{"$tuple":[%d]}' % number for number in COLLIDING),
    ],
    ids=["set", "frozenset", "dict", "set of tuples"],
)
def test_a_set_made_to_be_slow_is_refused(text: bytes) -> None:
    """Its elements all have the same hash, so that each is compared with all others."""
    with pytest.raises(ChannelDataError, match="same hash"):
        decode(text)


def test_a_set_that_could_not_be_read_is_not_written() -> None:
    """It is refused by name before it is stored."""
    slow = set(COLLIDING[:5_000])
    with pytest.raises(ChannelValueError, match=r"value\['a'\] has too many .* same hash"):
        encode({"a": slow})
    with pytest.raises(ChannelValueError, match="same hash"):
        encode(dict.fromkeys(slow, 1))
