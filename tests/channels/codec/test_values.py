"""Values that an untyped channel keeps, and those that it refuses."""

from __future__ import annotations

import enum
import math
import uuid
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from graflow.channels.arguments import milliseconds
from graflow.channels.base import Channel
from graflow.channels.codec.codec import _has_long_number, decode, encode, encode_item, pack_json
from graflow.exceptions import ChannelDataError, ChannelTypeError, ChannelValueError

BERLIN = ZoneInfo("Europe/Berlin")
Point = namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    """A subclass of `int`."""

    RED = 1


class Name(str):
    """A subclass of `str`."""

    __slots__ = ()


class Zone(tzinfo):
    """A time zone that nobody else knows."""

    def utcoffset(self, _: datetime | None) -> timedelta:
        """Return no offset."""
        return timedelta(0)

    def tzname(self, _: datetime | None) -> str:
        """Return a name."""
        return "zone"

    dst = utcoffset


def same(one: object, other: object) -> bool:
    """Tell whether two values are equal and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float) and isinstance(other, float):
        return one.hex() == other.hex()
    if isinstance(one, Decimal):
        return str(one) == str(other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    if isinstance(one, set | frozenset) and isinstance(other, set | frozenset):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    if isinstance(one, datetime | time) and isinstance(other, datetime | time):
        return repr(one) == repr(other)
    return one == other


def nested(levels: int, wrap: Callable[[Any], Any]) -> Any:
    """Return a value inside so many containers."""
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**53 + 1,
    -(2**64),
    10**5000,
    1.0,
    -0.0,
    0.1 + 0.2,
    5e-324,
    1.7976931348623157e308,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "text",
    "é \u2028 \0 😀",
    '"$tuple"',
    b"",
    b"\xff\x00",
    [],
    [[]],
    [1, [2, (3,)]],
    (),
    (1, "a", (None,)),
    {},
    {"a": {"b": [1.5]}},
    {1: "int", 1.5: "float", None: "none"},
    {(1, ("a", b"b")): 2},
    {"$ref": 1},
    {"$tuple": [1]},
    {"$a": 1, "$b": 2},
    {"a": {"$x": {"$y": 1}}},
    set(),
    {1, "a", (1, 2)},
    frozenset({frozenset({1})}),
    datetime(2026, 1, 2, 3, 4, 5, 6),
    datetime.min,
    datetime.max,
    datetime(2026, 1, 2, tzinfo=UTC),
    datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3, seconds=7, microseconds=1))),
    datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=1), "CET")),
    datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
    datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN),
    datetime(2026, 10, 25, 2, 30, fold=1),
    time(1, 2, 3, 4),
    time(1, fold=1, tzinfo=BERLIN),
    time(1, tzinfo=timezone(timedelta(hours=2))),
    date(2026, 1, 2),
    timedelta(days=-1, microseconds=1),
    timedelta.max,
    Decimal("1.10"),
    Decimal("-0E+7"),
    Decimal("sNaN"),
    uuid.UUID(int=1),
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.times(),
    st.dates(),
    st.timedeltas(),
    st.decimals(),
    st.uuids(),
)
hashable = scalars.filter(lambda value: not isinstance(value, Decimal) or not value.is_snan())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text() | st.just("$tuple") | hashable, inner, max_size=4),
        st.sets(hashable, max_size=4),
        st.frozensets(hashable, max_size=4),
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_equal_and_of_the_same_types(channel: Channel, value: Any) -> None:
    """Set, append and pop lose nothing of a value."""
    channel.set("value", value)
    channel.append("list", value)
    assert same(channel.get("value"), value)
    assert same(channel.get("list"), [value])
    assert same(channel.pop("list"), value)


@given(value=values)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_value_of_the_domain_survives_the_codec(value: Any) -> None:
    """Encoding and decoding is the identity, for a value and for an item of a list."""
    assert same(decode(encode(value)), value)
    assert same(decode(encode_item(value)), value)


@pytest.mark.parametrize(
    "value", [None, True, 7, "x", {"a": [1, {"b": None}]}, 10**30, 0.5], ids=repr
)
def test_plain_values_are_stored_as_plain_json(value: Any) -> None:
    """An independent JSON parser reads what stands for plain values."""
    import json  # noqa: PLC0415 (the independent reader)

    assert same(json.loads(encode_item(value)), value)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), "value is of type object"),
        ({"a": [1, {"b": object()}]}, "value['a'][1]['b'] is of type object"),
        ([Name("x")], "value[0] is of type"),
        ({"k": Colour.RED}, "value['k'] is of type"),
        (defaultdict(list), "value is of type collections.defaultdict"),
        (OrderedDict(), "value is of type collections.OrderedDict"),
        ((Point(1, 2),), "value[0] is of type"),
        (bytearray(b"x"), "value is of type bytearray"),
        (1j, "value is of type complex"),
        ({Name("k"): 1}, "value has a key of type"),
        ({frozenset({1}): 1}, "value has a key of type frozenset"),
        ({object}, "an element of the set"),
        ([datetime(2026, 1, 1, tzinfo=Zone())], "value[0] has a time zone of type"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_other_types_are_refused_with_their_path(channel: Channel, value: Any, path: str) -> None:
    """The error names where the type was found; the old value and its TTL stay."""
    channel.set("key", "old", ttl=100)
    for write in (channel.set, channel.append):
        with pytest.raises(ChannelTypeError) as caught:
            write("key", value)
        assert path in str(caught.value)
        assert (caught.value.channel, caught.value.key) == (channel.name, "key")
    with pytest.raises(ChannelTypeError):
        channel.set_many({"other": 1, "key": value})
    assert channel.get("key") == "old"
    assert channel.ttl("key") == pytest.approx(100, abs=5)
    assert channel.keys() == ["key"]


def test_text_that_utf8_lacks_is_refused(channel: Channel) -> None:
    """A lone surrogate is refused in values, keys of dicts and nested text."""
    for value in ("\ud800", ["a", {"b": "x\udc00"}], {"\ud800": 1}):
        with pytest.raises(ChannelValueError, match="lone surrogate"):
            channel.set("key", value)


def test_a_value_that_contains_itself_is_refused(channel: Channel) -> None:
    """A cycle is found, whatever it goes through."""
    inner: list[Any] = []
    inner.append({"again": inner})
    with pytest.raises(ChannelValueError, match="contains itself"):
        channel.set("key", inner)
    with pytest.raises(ChannelValueError, match="contains itself"):
        channel.set("key", {"a": inner})


@pytest.mark.parametrize(
    ("levels", "wrap"),
    [
        (200, lambda value: {"a": value}),
        (200, lambda value: [value]),
        (100, lambda value: (value,)),
        (66, lambda value: {1: value}),
    ],
    ids=["dict", "list", "tuple", "tagged dict"],
)
def test_the_deepest_value_is_kept_and_a_deeper_one_refused(
    channel: Channel, levels: int, wrap: Callable[[Any], Any]
) -> None:
    """The limit on nesting is exact: what is stored can be read."""
    channel.append("key", nested(levels, wrap))
    assert channel.get("key") == [nested(levels, wrap)]
    with pytest.raises(ChannelValueError, match="nested too deep"):
        channel.append("key", nested(levels + 1, wrap))


def test_values_are_snapshots(channel: Channel) -> None:
    """Changing what was stored or read changes nothing in the channel."""
    value = {"list": [1]}
    channel.set("key", value)
    channel.append("many", value)
    value["list"].append(2)
    channel.get("key")["list"].append(3)
    channel.get("many").append(4)
    assert channel.get("key") == {"list": [1]}
    assert channel.get("many") == [{"list": [1]}]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not json",
        b'{"a":1',
        b'{"$no_such_tag":1}',
        b'{"$date":"soon"}',
        b"\xff",
        b'{"$uuid":3}',
    ],
    ids=repr,
)
def test_text_of_another_writer_is_an_error_and_no_value(text: bytes) -> None:
    """What graflow did not write raises, alone and in a list."""
    with pytest.raises(ChannelDataError):
        decode(text)
    with pytest.raises(ChannelDataError):
        decode([b"1", text])


@pytest.mark.parametrize("before", [0, 1, 17, 4299, 4300, 4301, 8600, 9000])
def test_an_int_too_long_for_a_json_parser_comes_back(before: int) -> None:
    """Wherever it stands, and however much text is around it."""
    for digits in (4299, 4300, 4301, 4302, 8601, 8602, 20_000):
        number = 10 ** (digits - 1) + 7
        for value in (["x" * before, number], ["x" * before, -number, "y" * 5000], [number, 1]):
            assert decode(encode_item(value)) == value
            assert decode(encode({"a": value, "b": 1})) == {"a": value, "b": 1}


def test_digits_in_a_row_are_found_wherever_they_stand() -> None:
    """One digit more than the JSON parser reads, between any two places that are looked at."""
    for before in range(2 * 4301 + 1):
        around = b" " * before, b" " * 9
        assert _has_long_number((b"1" * 4301).join(around))
        assert not _has_long_number((b"1" * 4300).join(around))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan], {"a": [math.inf]}, 1])
def test_what_a_schema_made_is_stored_like_any_value(value: Any) -> None:
    """Its text may have NaN and Infinity, which JSON has not."""
    assert pack_json(to_json(value, inf_nan_mode="constants")) == encode(value)


def test_text_that_no_parser_reads_is_refused() -> None:
    """With the parser's reason."""
    with pytest.raises(ChannelValueError, match="can't be stored as JSON: number out"):
        pack_json(b"1" * 4301)


def test_a_number_that_python_does_not_write_down_is_shown_by_its_size() -> None:
    """In the path to what is wrong, and where it is wrong itself."""
    with pytest.raises(ChannelValueError, match=r"value\[an int of 16,610 bits\] holds a lone"):
        encode({10**5000: "\ud800"})
    with pytest.raises(ChannelValueError, match=r"not an int of 16,610 bits"):
        milliseconds(10**5000)
