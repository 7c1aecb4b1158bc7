"""Pairs of types that resemble each other, as source code, with values of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, TypeAlias, TypeVar

from hypothesis import strategies as st

__all__ = ["PRELUDE", "Pair", "Type", "pairs"]

T = TypeVar("T")

PRELUDE: Final = """\
from collections import deque
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Union
from uuid import UUID

from pydantic import BaseModel
from typing_extensions import TypedDict


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Place(NamedTuple):
    x: int
    y: int


Name = NewType("Name", str)
Size = Annotated[int, "in bytes"]
"""
"""What the source of types and values needs above it."""

_MOST_SAMPLES: Final = 24


@dataclass(frozen=True)
class Type:
    """A type as source code.

    Attributes:
        text: The expression.
        samples: Expressions of values that fit; of each part of the type there is one at least.
        classes: The class statements that it needs, in their order.
        is_hashable: Whether its values can be items of a set.
    """

    text: str
    samples: tuple[str, ...]
    classes: tuple[str, ...] = ()
    is_hashable: bool = False


@dataclass(frozen=True)
class Pair:
    """A type to write and one to read.

    Attributes:
        written: Its samples are written.
        read: The schema that they are read with.
        has_schema: Whether `written` is the schema; otherwise the values are written without any.
    """

    written: Type
    read: Type
    has_schema: bool = True

    def __str__(self) -> str:
        """Show the classes as well."""
        classes = dict.fromkeys((*self.written.classes, *self.read.classes))
        return "\n".join([*classes, f"{self.written.text}  ->  {self.read.text}"])


_Fields: TypeAlias = Sequence[tuple[str, Pair, tuple[str, str]]]
"""Fields of two classes: the name, both types, and whether each class has and needs it."""


def _scalar(text: str, *samples: str) -> Type:
    return Type(text, samples, is_hashable=True)


SCALARS: Final = (
    _scalar("int", "0", "1", "-7", "10**20"),
    _scalar("float", "0.5", "1.0", "-2e300"),
    _scalar("str", "'text'", "'on'", "''", "'7'"),
    _scalar("bool", "True", "False"),
    _scalar("None", "None"),
    _scalar("bytes", "b'bytes'", "b''", "b'\\xff'"),
    _scalar("datetime", "datetime(2026, 5, 1, 12)", "datetime(2026, 5, 1, 12, 30, 1, 5, UTC)"),
    _scalar("date", "date(2026, 5, 1)"),
    _scalar("time", "time(12, 30)", "time(12, 30, 1, 5)"),
    _scalar("UUID", "UUID(int=7)"),
    _scalar("Decimal", "Decimal('1.5')", "Decimal('7')", "Decimal('-0.00')"),
    _scalar("Colour", "Colour.RED", "Colour.BLUE"),
    _scalar("Level", "Level.LOW", "Level.HIGH"),
    _scalar("Place", "Place(1, 2)"),
    _scalar("Name", "Name('Ann')"),
    _scalar("Size", "1", "10**20"),
    _scalar("tuple[int, str]", "(1, 'text')"),
    Type("list", ("[]", "[1, 'text']")),
    Type("dict", ("{}", "{'a': 1, 'b': 'text'}")),
    Type("Any", ("1", "'text'", "None", "[1]")),
)
_LITERALS: Final = ("'on'", "'off'", "'7'", "1", "2", "True", "False", "None")
_UNTYPED: Final = (
    *("0", "1", "1.0", "1.5", "'on'", "'text'", "True", "None", "b'a'"),
    *("[]", "[1]", "{}", "{'a': 1}", "(1, 2)", "{1}"),
)
_ARRAYS: Final = {
    "list[{}]": "[{}]",
    "set[{}]": "set([{}])",
    "frozenset[{}]": "frozenset([{}])",
    "tuple[{}, ...]": "tuple([{}])",
    "deque[{}]": "deque([{}])",
    "Sequence[{}]": "[{}]",
    "MutableSequence[{}]": "[{}]",
}
_OF_HASHABLES: Final = {"set[{}]", "frozenset[{}]"}
_MAPS: Final = ("dict", "Mapping", "MutableMapping")
_KEYS: Final = {"str": ("'a'", "'b'"), "int": ("1", "2")}
_KINDS: Final = ("typed dict", "dataclass", "model")
_NAMES: Final = ("a", "b", "c")
_PRESENCE: Final = ("required", "required", "required", "optional", "absent")


def literal(values: Iterable[str]) -> Type:
    """Return a `Literal` of some values."""
    chosen = tuple(dict.fromkeys(values))
    return Type(f"Literal[{', '.join(chosen)}]", chosen, is_hashable=True)


def array(form: str, item: Type) -> Type:
    """Return a list of items, or something like it."""
    if form in _OF_HASHABLES and not item.is_hashable:
        form = "list[{}]"
    contents = ["", *item.samples, ", ".join(item.samples)]
    samples = tuple(_ARRAYS[form].format(each) for each in contents)
    is_hashable = item.is_hashable and form in {"frozenset[{}]", "tuple[{}, ...]"}
    return Type(form.format(item.text), _some(samples), item.classes, is_hashable)


def mapping(name: str, key: str, value: Type) -> Type:
    """Return a dict, or something like it."""
    one, other = _KEYS[key]
    both = f"{{{one}: {value.samples[0]}, {other}: {value.samples[-1]}}}"
    samples = ["{}", *(f"{{{one}: {each}}}" for each in value.samples), both]
    return Type(f"{name}[{key}, {value.text}]", _some(samples), value.classes)


def union(parts: Sequence[Type]) -> Type:
    """Return one of several types."""
    texts = dict.fromkeys(part.text for part in parts)
    together = zip_longest(*(part.samples for part in parts))  # so that some of each are kept
    samples = dict.fromkeys(each for several in together for each in several if each is not None)
    classes = dict.fromkeys(each for part in parts for each in part.classes)
    is_hashable = all(part.is_hashable for part in parts)
    return Type(f"Union[{', '.join(texts)}]", _some(list(samples)), tuple(classes), is_hashable)


def record(kind: str, fields: Sequence[tuple[str, Type, bool]]) -> Type:
    """Return a class.

    Args:
        kind: "typed dict", "dataclass" or "model".
        fields: The name and the type of each, and whether it must be given.
    """
    ordered = sorted(fields, key=lambda field: not field[2])
    lines = "".join(_field(kind, *field) for field in ordered) or "    pass\n"
    name = f"C{zlib.crc32((kind + lines).encode()):08x}"
    head = {
        "typed dict": f"class {name}(TypedDict):\n",
        "dataclass": f"@dataclass\nclass {name}:\n",
        "model": f"class {name}(BaseModel):\n",
    }[kind]
    inner = dict.fromkeys(each for _, form, _ in fields for each in form.classes)
    made = "dict" if kind == "typed dict" else name
    samples = tuple(f"{made}({', '.join(each)})" for each in _instances(ordered))
    return Type(name, samples, (*inner, head + lines))


def _field(kind: str, name: str, form: Type, is_required: bool) -> str:
    if is_required:
        return f"    {name}: {form.text}\n"
    if kind == "typed dict":
        return f"    {name}: NotRequired[{form.text}]\n"
    if kind == "dataclass":
        return f"    {name}: {form.text} = field(default_factory=lambda: {form.samples[0]})\n"
    return f"    {name}: {form.text} = {form.samples[0]}\n"


def _instances(fields: Sequence[tuple[str, Type, bool]]) -> list[list[str]]:
    """Return arguments that make instances: with each sample of each field, and without it."""
    first = {name: form.samples[0] for name, form, _ in fields}
    made = [first]
    for name, form, is_required in fields:
        made += [first | {name: each} for each in form.samples[1:]]
        if not is_required:
            made.append({other: value for other, value in first.items() if other != name})
    made.append({name: first[name] for name, _, is_required in fields if is_required})
    made.append({name: form.samples[-1] for name, form, _ in fields})
    return [[f"{name}={value}" for name, value in each.items()] for each in _some(made)]


def _some(samples: Sequence[T]) -> tuple[T, ...]:
    """Return no more than so many, the first and the last among them."""
    step = max(1, -(-len(samples) // _MOST_SAMPLES))
    return (*samples[:-1:step], samples[-1])


def pairs() -> st.SearchStrategy[Pair]:
    """Return a strategy for pairs: of types of any make, or of a value and a type."""
    numbers = st.integers(0, len(SCALARS) - 1)
    alike = numbers.map(lambda number: Pair(SCALARS[number], SCALARS[number]))
    unlike = st.builds(lambda one, other: Pair(SCALARS[one], SCALARS[other]), numbers, numbers)
    literals = st.lists(st.sampled_from(_LITERALS), min_size=1, max_size=3).map(literal)
    of_literals = st.builds(Pair, literals, literals)
    leaves = st.one_of(alike, unlike, of_literals, st.builds(_crossed, unlike, of_literals))
    typed = st.recursive(leaves, _extended, max_leaves=5)
    untyped = st.builds(_untyped, st.sampled_from(_UNTYPED), typed)
    return st.one_of(*[typed] * 9, untyped)  # one in ten


def _extended(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    forms = st.sampled_from(tuple(_ARRAYS))
    names, keys = st.sampled_from(_MAPS), st.sampled_from(tuple(_KEYS))
    several = st.lists(inner, min_size=2, max_size=3)
    fields = st.lists(
        st.tuples(st.sampled_from(_NAMES), inner, st.tuples(*[st.sampled_from(_PRESENCE)] * 2)),
        max_size=3,
    )
    kinds = st.sampled_from(_KINDS)
    return st.one_of(
        st.builds(_arrays, forms, forms, inner),
        st.builds(_maps, names, names, keys, inner),
        st.builds(_unions, several, st.booleans(), st.booleans()),
        st.builds(_records, kinds, kinds, fields),
        st.builds(_records, kinds, kinds, fields),
        st.builds(_divided, kinds, kinds, fields, fields),
        st.builds(_crossed, inner, inner),
    )


def _arrays(written: str, read: str, item: Pair) -> Pair:
    return Pair(array(written, item.written), array(read, item.read))


def _maps(written: str, read: str, key: str, value: Pair) -> Pair:
    return Pair(mapping(written, key, value.written), mapping(read, key, value.read))


def _unions(parts: Sequence[Pair], fewer_written: bool, is_turned: bool) -> Pair:
    written, read = [each.written for each in parts], [each.read for each in parts]
    written = written[:1] if fewer_written else written
    return Pair(union(written), union(read[::-1] if is_turned else read))


def _records(written: str, read: str, fields: _Fields) -> Pair:
    by_name = {name: (pair, presence) for name, pair, presence in fields}
    mine, others = (
        [
            (name, (pair.written, pair.read)[side], presence[side] == "required")
            for name, (pair, presence) in by_name.items()
            if presence[side] != "absent"
        ]
        for side in (0, 1)
    )
    return Pair(record(written, mine), record(read, others))


def _divided(written: str, read: str, some: _Fields, others: _Fields) -> Pair:
    """Return a class whose fields have several types, and several classes."""
    by_name = {name: [pair] for name, pair, _ in some}
    for name, pair, _ in others:
        by_name.setdefault(name, []).append(pair)
    whole = [
        (name, union([each.written for each in found]), len(found) > 1)
        for name, found in by_name.items()
    ]
    classes = [_records(written, read, fields).read for fields in (some, others)]
    return Pair(record(written, whole), union(classes))


def _crossed(one: Pair, other: Pair) -> Pair:
    return Pair(one.written, other.read)


def _untyped(value: str, pair: Pair) -> Pair:
    return Pair(Type(value, (value,)), pair.read, has_schema=False)
