"""`Keys`: a class that declares the keys of a channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType, MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

from graflow.channels.arguments import Seconds, check_text, milliseconds
from graflow.channels.codec.reprs import short_repr
from graflow.channels.keys.key import Key
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.template import overlap
from graflow.channels.schema import name_of
from graflow.exceptions import ChannelError, SchemaError
from graflow.system.annotations import annotations_of

__all__ = ["KeyDescription", "Keys", "KeysDescription"]

_BAR = r"\|"  # what a bar is in a table's cell
_HEAD = ["name", "key", "type", "ttl", "meaning"]
_BESIDE = FunctionType, classmethod, staticmethod, property


class KeyDescription(NamedTuple):
    """What there is to say of a key, or of a pattern.

    Attributes:
        attribute: Its name in the class.
        key: The key in the channel, or the pattern.
        type: The type of the values, as Python writes it.
        ttl: Seconds that a value lasts after each write that doesn't say otherwise; `None`: for
            ever.
        doc: What it is for.
    """

    attribute: str
    key: str
    type: str
    ttl: Seconds | None
    doc: str


class KeysDescription(NamedTuple):
    """What there is to say of a class of keys; its text is a table.

    Attributes:
        title: The name of the class.
        doc: The docstring of the class.
        keys: The keys and patterns, those of base classes first.
    """

    title: str
    doc: str
    keys: tuple[KeyDescription, ...]

    def __str__(self) -> str:
        """Return a table for a terminal."""
        rows = [_HEAD, *map(_row, self.keys)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    def markdown(self) -> str:
        """Return a table for a page of a documentation."""
        rows = [_HEAD, ["---"] * len(_HEAD), *map(_row, self.keys)]
        return "\n".join(
            f"| {' | '.join(cell.replace('|', _BAR) for cell in row)} |" for row in rows
        )


class Keys:
    """A class that declares the keys of a channel, with their types, in one place.

        class Pipeline(Keys, prefix="pipeline:"):
            logs = Key(list[str])
            user = Key(UserProfile, ttl=3600, doc="Who is logged in.")
            by_id = KeyPattern("user:{id}", UserProfile)

        ch = channel.of(Pipeline)
        ch.append(Pipeline.logs, "started")

    A subclass has the keys of its bases as well. A key keeps the prefix of the class that declares
    it; a subclass that is given no prefix of its own has its base's. Two keys that are, or could
    be, the same are refused when the class is made. It has no instances.
    """

    __keys__: ClassVar[Mapping[str, Key[Any] | KeyPattern[Any]]] = MappingProxyType({})
    """The keys and patterns by attribute, those of base classes first."""

    __prefix__: ClassVar[str] = ""
    """What the keys that the class declares begin with."""

    def __init_subclass__(cls, prefix: str | None = None) -> None:
        """Find the keys, and give them their names.

        Args:
            prefix: What the keys that the class declares begin with; by default that of its base.

        Raises:
            SchemaError: Two keys are, or could be, the same; an attribute is not a key, or a key
                of another class; a TTL or a name is invalid.
        """
        super().__init_subclass__()
        if prefix is not None:
            cls.__prefix__ = prefix
        found = _inherited(cls)
        for attribute, key in _declared(cls):
            if attribute in found or hasattr(Keys, attribute):
                raise SchemaError(f"{cls.__name__}.{attribute} is taken; choose another name")
            _name(cls, attribute, key)
            found[attribute] = key
        _check_apart(cls, found)
        cls.__keys__ = MappingProxyType(found)

    def __new__(cls) -> Self:
        """Refuse to make an instance."""
        raise SchemaError(
            f"{cls.__name__} has no instances; a channel with its keys is "
            f"channel.of({cls.__name__})"
        )

    @classmethod
    def describe(cls) -> KeysDescription:
        """Return what there is to say of the keys; `print` shows it as a table."""
        keys = (
            KeyDescription(attribute, key.name, name_of(key.form), key.ttl, key.doc)
            for attribute, key in cls.__keys__.items()
        )
        return KeysDescription(cls.__name__, (cls.__doc__ or "").strip(), tuple(keys))


def _inherited(cls: type[Keys]) -> dict[str, Key[Any] | KeyPattern[Any]]:
    """Return the keys of the bases of a class, by attribute.

    Raises:
        SchemaError: They stand for something else in the class, or a base is no class of `Keys`.
    """
    for base in cls.__mro__:
        for attribute, value in vars(base).items():
            if isinstance(value, Key | KeyPattern) and not issubclass(base, Keys):
                raise SchemaError(
                    f"{cls.__name__}.{attribute} is declared in {base.__name__}, which is no class "
                    f"of Keys: write class {base.__name__}(Keys)"
                )
    found: dict[str, Key[Any] | KeyPattern[Any]] = {}
    for base in cls.__bases__:
        found |= getattr(base, "__keys__", {})
    for base in cls.__bases__:
        for attribute, key in getattr(base, "__keys__", {}).items():
            if getattr(cls, attribute) is not key:
                raise SchemaError(
                    f"{cls.__name__}.{attribute} would hide {key!r}; choose another name"
                )
    return found


def _declared(cls: type[Keys]) -> Iterator[tuple[str, Key[Any] | KeyPattern[Any]]]:
    """Yield the keys that a class itself declares, by attribute."""
    annotated = annotations_of(cls)
    for attribute, value in {**dict.fromkeys(annotated), **vars(cls)}.items():
        if isinstance(value, Key | KeyPattern):
            yield attribute, value
        elif not (attribute.startswith("_") or _may_stand_beside(value, cls)):
            raise SchemaError(
                f"{cls.__name__}.{attribute} is not a key: write {attribute} = Key(...), with the "
                f"type of its values, not {short_repr(annotated.get(attribute, value))}"
            )


def _may_stand_beside(value: object, cls: type[Keys]) -> bool:
    """Tell whether a class of keys may have it: a function, or a class that is defined in it."""
    if isinstance(value, type):
        return value.__qualname__.rpartition(".")[0] == cls.__qualname__
    return isinstance(value, _BESIDE)


def _name(cls: type[Keys], attribute: str, key: Key[Any] | KeyPattern[Any]) -> None:
    """Give a key its name in a class.

    Raises:
        SchemaError: It is a key of another class, or what it was given is invalid.
    """
    label = f"{cls.__name__}.{attribute}"
    if key.owner is not None:
        raise SchemaError(f"{label} is {key!r}; make a key of its own")
    try:
        prefix = cls.__prefix__ and check_text(cls.__prefix__, "prefix")
        if isinstance(key, KeyPattern):  # where a brace is written twice
            prefix = prefix.replace("{", "{{").replace("}", "}}")
        if key.ttl is not None:
            milliseconds(key.ttl)
        key.belong(cls, attribute, prefix + (key.name or attribute))
    except ChannelError as error:
        raise SchemaError(f"{label}: {error}") from error


def _check_apart(cls: type[Keys], found: Mapping[str, Key[Any] | KeyPattern[Any]]) -> None:
    """Check that no two keys of a class can be the same.

    Raises:
        SchemaError: Two can.
    """
    shapes: dict[str, list[str | None]] = {}
    for attribute, key in found.items():
        shape = list(key.template.shape if isinstance(key, KeyPattern) else key.name)
        for other, before in shapes.items():
            if overlap(shape, before):
                raise SchemaError(
                    f"{cls.__name__}.{attribute} ({key.name!r}) can be the same key as "
                    f"{cls.__name__}.{other} ({found[other].name!r})"
                )
        shapes[attribute] = shape


def _row(key: KeyDescription) -> list[str]:
    ttl = "" if key.ttl is None else f"{milliseconds(key.ttl) / 1000:g} s"
    cells = (key.attribute, key.key, key.type, ttl, key.doc)
    return [" ".join(cell.split()) for cell in cells]
