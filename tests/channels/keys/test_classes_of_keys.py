"""Classes of keys: what they refuse when they are made, and what they say of themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

import pytest

from graflow import Key, KeyPattern, Keys
from graflow.exceptions import ChannelTypeError, ChannelValueError, SchemaError


class User(TypedDict):
    """A type of values."""

    name: str


class Base(Keys):
    """The keys of a base."""

    logs = Key(list[str])
    by_id = KeyPattern("user:{id}", User)


def make(name: str = "Made", bases: tuple[type, ...] = (Keys,), /, **members: Any) -> type:
    """Return a class of keys with members; `prefix` is that of the class."""
    options = {"prefix": members.pop("prefix")} if "prefix" in members else {}
    return type(name, bases, members, **options)


def test_names_and_owners() -> None:
    """A key knows where it is declared, and shows it."""
    made: Any = make(prefix="p:", count=Key(int), note=Key(str, name="the note"))
    assert (made.count.name, made.note.name) == ("p:count", "p:the note")
    assert made.count.owner is made
    assert str(made.count) == "p:count"
    assert repr(made.count) == "<key Made.count>"
    assert repr(Base.by_id) == "<key pattern Base.by_id>"
    assert repr(Base.by_id(id=7)) == "<key Base.by_id(id=7)>"
    assert repr(Key(int, name="lone")) == "<key lone>"
    assert repr(Key(int)) == "<key <class 'int'>>"
    assert repr(KeyPattern("{id}", int)) == "<key pattern '{id}'>"
    assert made.count != 3


def test_keys_are_the_same_by_class_and_name() -> None:
    """So that a key that a pattern makes twice is one key."""
    assert Base.by_id(id=7) == Base.by_id(id="7")
    assert len({Base.by_id(id=7), Base.by_id(id="7"), Base.by_id(id=8)}) == 2
    other: Any = make(logs=Key(list[str]))
    assert other.logs != Base.logs


@pytest.mark.parametrize(
    "members",
    [
        {"a": Key(int, name="x"), "b": Key(int, name="x")},
        {"a": Key(int, name="b"), "b": Key(int)},
        {"a": Key(int, name="user:7"), "b": KeyPattern("user:{id}", User)},
        {"a": KeyPattern("user:{id}", User), "b": Key(int, name="user:seven")},
        {"a": KeyPattern("user:{id}", User), "b": KeyPattern("user:{name}", User)},
        {"a": KeyPattern("user:{id}", User), "b": KeyPattern("{kind}:7", User)},
        {"a": KeyPattern("a{x}", User), "b": KeyPattern("{y}b", User)},
        {"a": KeyPattern("{x}:{y}", User), "b": KeyPattern("user:{id}", User)},
        {"a": KeyPattern("a{{}}{x}", User), "b": Key(int, name="a{}1")},
    ],
)
def test_keys_that_can_be_the_same_are_refused(members: dict[str, Any]) -> None:
    """Each way round, and also if one is inherited."""
    with pytest.raises(SchemaError, match=r"Made\.b \('.*'\) can be the same key as Made\.a"):
        make(**_again(members))
    first, second = _again(members).items()
    base = make("Parent", **dict([first]))
    with pytest.raises(SchemaError, match=r"Made\.b .* can be the same key as Made\.a"):
        make("Made", (base,), **dict([second]))


def _again(members: dict[str, Any]) -> dict[str, Any]:
    """Return the same keys, in no class yet."""
    return {
        name: KeyPattern(key.name, key.form)
        if isinstance(key, KeyPattern)
        else Key(key.form, name=key.name or None)
        for name, key in members.items()
    }


@pytest.mark.parametrize(
    "members",
    [
        {"a": Key(int, name="user:"), "b": KeyPattern("user:{id}", User)},
        {"a": Key(int, name="user:a:b"), "b": KeyPattern("user:{id}", User)},
        {"a": Key(int, name="user:ö"), "b": KeyPattern("user:{id}", User)},
        {"a": KeyPattern("user:{id}", User), "b": KeyPattern("user:{id}:name", User)},
        {"a": KeyPattern("{x}:{y}", User), "b": KeyPattern("{x}:{y}:{z}", User)},
        {"a": KeyPattern("user/{id}", User), "b": KeyPattern("user:{id}", User)},
    ],
)
def test_keys_that_differ_for_sure_are_not(members: dict[str, Any]) -> None:
    """A quoted value is never empty, and has neither `:` nor `/` in it."""
    assert list(make(**_again(members)).__keys__) == ["a", "b"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"logs": list[str]}, r"Made\.logs is not a key: write logs = Key\(\.\.\.\)"),
        ({"count": 3}, r"Made\.count is not a key"),
        ({"count": int}, r"Made\.count is not a key"),
        ({"__annotations__": {"count": int}}, r"Made\.count is not a key"),
        ({"describe": Key(int)}, r"Made\.describe is taken"),
        ({"a": Base.logs}, r"Made\.a is <key Base\.logs>; make a key of its own"),
        ({"a": Key(int, ttl=0)}, r"Made\.a: ttl must be greater than 0"),
        ({"a": Key(int), "prefix": 3}, r"Made\.a: a prefix must be a str"),
    ],
)
def test_what_is_no_key_is_refused(members: dict[str, Any], message: str) -> None:
    """With what to write instead."""
    with pytest.raises(SchemaError, match=message):
        make(**members)


def test_keys_of_a_base_that_is_no_class_of_keys() -> None:
    """They would be without an owner, though a type checker takes them for keys of the class."""
    mixin = type("Mixin", (), {"mixed": Key(int)})
    with pytest.raises(SchemaError, match=r"Made\.mixed is declared in Mixin.*class Mixin\(Keys\)"):
        make("Made", (mixin, Keys))


def test_what_a_class_may_have_beside_keys() -> None:
    """Functions, classes that are defined in it, and what begins with an underscore."""

    class Nested(Keys):
        """A class with the type of its key."""

        class Item(TypedDict):
            """The type."""

            name: str

        item = Key(Item)

    assert list(Nested.__keys__) == ["item"]
    made: Any = make(count=Key(int), _note="x", shown=staticmethod(lambda: 3))
    assert made.shown() == 3
    assert list(made.__keys__) == ["count"]


def test_an_instance_is_refused() -> None:
    """A class of keys stands for itself."""
    with pytest.raises(SchemaError, match=r"channel\.of\(Base\)"):
        Base()


@pytest.mark.parametrize("member", [Key(int), 3, lambda self: None])
def test_an_inherited_key_stays(member: Any) -> None:
    """Whatever would take its place."""
    with pytest.raises(SchemaError, match=r"Made\.logs"):
        make("Made", (Base,), logs=member)


def test_several_bases() -> None:
    """All of their keys, unless one would hide another."""
    one = make("One", a=Key(int))
    two = make("Two", (Base,), b=Key(int))
    both = make("Both", (one, two), c=Key(int))
    assert list(both.__keys__) == ["a", "logs", "by_id", "b", "c"]  # type: ignore[attr-defined]
    make("Diamond", (two, make("Three", (Base,), d=Key(int))))
    with pytest.raises(SchemaError, match=r"Both\.a would hide <key Four\.a>"):
        make("Both", (one, make("Four", prefix="four:", a=Key(int))))


def test_prefixes() -> None:
    """A key keeps that of the class that declares it; a subclass has its base's or its own."""
    base = make("Parent", prefix="p{1}:", a=Key(int), by_id=KeyPattern("user:{id}", User))
    child: Any = make("Child", (base,), b=Key(int))
    other: Any = make("Other", (base,), prefix="", b=Key(int))
    assert (child.a.name, child.b.name, other.a.name, other.b.name) == (
        "p{1}:a",
        "p{1}:b",
        "p{1}:a",
        "b",
    )
    assert child.by_id(id=7).name == "p{1}:user:7"
    assert child.by_id.match("p{1}:user:7") == {"id": "7"}


def test_a_description() -> None:
    """It can be printed, and says what there is to know of each key."""

    class Described(Base, prefix="d:"):
        """What it is for."""

        user = Key(User, ttl=timedelta(hours=1), doc="Who is logged in,\nor | not.")
        count = Key(int | None, ttl=0.5)

    description = Described.describe()
    assert (description.title, description.doc) == ("Described", "What it is for.")
    assert [key.attribute for key in description.keys] == ["logs", "by_id", "user", "count"]
    assert description.keys[2].ttl == timedelta(hours=1)
    assert str(description) == (
        "name   key        type        ttl     meaning\n"
        "logs   logs       list[str]\n"
        "by_id  user:{id}  User\n"
        "user   d:user     User        3600 s  Who is logged in, or | not.\n"
        "count  d:count    int | None  0.5 s"
    )
    assert description.markdown() == (
        "| name | key | type | ttl | meaning |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| logs | logs | list[str] |  |  |\n"
        "| by_id | user:{id} | User |  |  |\n"
        "| user | d:user | User | 3600 s | Who is logged in, or \\| not. |\n"
        "| count | d:count | int \\| None | 0.5 s |  |"
    )


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("user", "has no field"),
        ("", "has no field"),
        ("{}", "a field '' that is not a name alone"),
        ("{0}", "a field '0' that is not a name alone"),
        ("{id:>3}", "not a name alone"),
        ("{id!r}", "not a name alone"),
        ("{user.id}", "not a name alone"),
        ("{id", "can't be read"),
        ("{id}:{id}", "has a field twice"),
        ("{a}{b}", "the same key of different values"),
        ("{a}x{b}", "the same key of different values"),
        ("{a}%-._~{b}", "the same key of different values"),
        (3, "must be a str"),
    ],
)
def test_patterns_that_are_refused(pattern: Any, message: str) -> None:
    """When they are written down, not when they are used."""
    with pytest.raises(SchemaError, match=message):
        KeyPattern(pattern, int)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "takes the fields a, b, not none"),
        ({"a": 1}, "takes the fields a, b, not a"),
        ({"a": 1, "b": 2, "c": 3}, "not a, b, c"),
        ({"a": 1, "b": ""}, "the field 'b' .* can't be ''"),
        ({"a": 1, "b": "\ud800"}, "the field 'b' .* can't be"),
        ({"a": 1, "b": None}, "takes a str or an int, not NoneType"),
        ({"a": 1, "b": True}, "takes a str or an int, not bool"),
        ({"a": 1, "b": 1.0}, "takes a str or an int, not float"),
    ],
)
def test_values_that_make_no_key(fields: dict[str, Any], message: str) -> None:
    """Missing, extra and empty ones, and those that are no text."""
    pattern = KeyPattern("{a}/x/{b}", int)
    with pytest.raises((ChannelValueError, ChannelTypeError), match=message):
        pattern(**fields)


TEXTS = ["a", "A", "ö", ":", "/", "%", "%3A", "a:b", " ", "\0", "{a}", "0", "-1", "x/y", "~._-"]


def test_values_come_back_from_keys() -> None:
    """And no two of them make the same key."""
    made: Any = make(pair=KeyPattern("pair/{a}:x:{b}/{self}", int))
    names = {}
    for one in TEXTS:
        for other in TEXTS:
            fields = {"a": one, "b": other, "self": 7}
            name = made.pair(**fields).name
            assert made.pair.match(name) == {"a": one, "b": other, "self": "7"}
            assert name not in names
            names[name] = fields
    assert made.pair(a="a:b", b="ö/", self=-1).name == "pair/a%3Ab:x:%C3%B6%2F/-1"


@pytest.mark.parametrize(
    "key", ["user:", "user:%zz", "user:%41", "user:%c3%b6", "user:a:b", "user"]
)
def test_keys_that_a_pattern_did_not_make(key: str) -> None:
    """It takes nothing for a key of its own that it would have written otherwise."""
    assert Base.by_id.match(key) is None
    assert Base.by_id.key(key) is None
