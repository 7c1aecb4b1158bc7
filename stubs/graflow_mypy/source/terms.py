r"""Terms: the content of expressions, noted when a file is scanned and resolved later.

The notes on a file must not depend on other files, so an expression is kept as a term, in which
the names of a module stand for themselves. The `tag` of a term is what it begins with as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

__all__ = [
    "ANY",
    "Attribute",
    "BitOr",
    "Call",
    "Constant",
    "Declared",
    "DictDisplay",
    "Display",
    "Face",
    "Item",
    "Joined",
    "Lax",
    "Name",
    "OneOf",
    "Parameter",
    "RunChannel",
    "Subscript",
    "Term",
    "Text",
    "Unknown",
    "either",
    "names_in",
    "terms_in",
]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression that nothing is known about."""

    tag: ClassVar[Literal["?"]] = "?"


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

    tag: ClassVar[Literal["s"]] = "s"
    text: str


@dataclass(frozen=True, slots=True)
class Constant:
    """Another constant, or a value of which only its built-in type is known.

    Attributes:
        text: Its `repr`, where that is known.
        type: The name of its type, as `int`.
    """

    tag: ClassVar[Literal["k"]] = "k"
    text: str
    type: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a module, as `shop.keys.USER`."""

    tag: ClassVar[Literal["r"]] = "r"
    dotted: str

    @property
    def last(self) -> str:
        """The part behind the last dot."""
        return self.dotted.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of something else."""

    tag: ClassVar[Literal["a"]] = "a"
    owner: Term
    name: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Texts joined."""

    tag: ClassVar[Literal["+"]] = "+"
    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several."""

    tag: ClassVar[Literal["o"]] = "o"
    choices: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class BitOr:
    """A union, or anything else that `|` makes."""

    tag: ClassVar[Literal["|"]] = "|"
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Subscript:
    """A subscript: the arguments of a generic type."""

    tag: ClassVar[Literal["i"]] = "i"
    base: Term
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Display:
    """A list or tuple of terms.

    Attributes:
        type: `list` or `tuple`.
        items: What is in it.
    """

    tag: ClassVar[Literal["l"]] = "l"
    type: str
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class DictDisplay:
    """A dict display; a key is `ANY` where its value is unpacked."""

    tag: ClassVar[Literal["d"]] = "d"
    pairs: tuple[tuple[Term, Term], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call; among the names, `*` and `**` stand for what is unpacked."""

    tag: ClassVar[Literal["f"]] = "f"
    function: Term
    arguments: tuple[Term, ...]
    named: tuple[tuple[str, Term], ...] = ()

    def argument(self, position: int, name: str) -> Term | None:
        """Return an argument that may be given by position or by name, if it is."""
        if len(self.arguments) > position:
            return self.arguments[position]
        return dict(self.named).get(name)


@dataclass(frozen=True, slots=True)
class RunChannel:
    """A run's channel.

    Attributes:
        kind: `plain`, `typed`, `keyed` or `declared`.
        schema: What it was asked for with.
        owner: What was asked for it.
    """

    tag: ClassVar[Literal["ch"]] = "ch"
    kind: str
    schema: Term
    owner: Term


@dataclass(frozen=True, slots=True)
class Face:
    """A transaction or a channel seen through a schema: `tx.typed(Schema)`, `tx.of(Keys)`.

    Attributes:
        owner: The transaction, or the channel.
        kind: `typed`, `keyed` or `declared`.
        schema: The schema.
    """

    tag: ClassVar[Literal["v"]] = "v"
    owner: Term
    kind: str
    schema: Term


@dataclass(frozen=True, slots=True)
class Lax:
    """A schema that values are converted to, as `strict=False` asks for."""

    tag: ClassVar[Literal["lax"]] = "lax"
    schema: Term


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that may get a transaction.

    Attributes:
        function: The full name of the function.
    """

    tag: ClassVar[Literal["p"]] = "p"
    function: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a collection, or a part of an item.

    Attributes:
        owner: The collection.
        part: The number of the part, as text; empty for the whole item.
    """

    tag: ClassVar[Literal["e"]] = "e"
    owner: Term
    part: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A variable or parameter with an annotation."""

    tag: ClassVar[Literal["t"]] = "t"
    annotation: Term
    value: Term


Term: TypeAlias = (
    Unknown
    | Text
    | Constant
    | Name
    | Attribute
    | Joined
    | OneOf
    | BitOr
    | Subscript
    | Display
    | DictDisplay
    | Call
    | RunChannel
    | Face
    | Lax
    | Parameter
    | Item
    | Declared
)
"""What an expression says."""

ANY: Final = Unknown()
"""The unknown term."""

_MOST_ALTERNATIVES: Final = 8


def either(terms: Sequence[Term]) -> Term:
    """Return the term of something that is one of `terms`."""
    if len(terms) == 1:
        return terms[0]
    distinct: list[Term] = []
    for term in terms:
        for each in term.choices if isinstance(term, OneOf) else (term,):
            if each not in distinct:
                distinct.append(each)
    if len(distinct) == 1:
        return distinct[0]
    return OneOf(tuple(distinct)) if 0 < len(distinct) <= _MOST_ALTERNATIVES else ANY


def terms_in(term: Term) -> Iterator[Term]:
    """Yield a term, and all that it is made of."""
    yield term
    for part in _parts(term):
        yield from terms_in(part)


def names_in(term: Term) -> Iterator[str]:
    """Yield the names of modules that a term is made of."""
    yield from (each.dotted for each in terms_in(term) if isinstance(each, Name))


def _parts(term: Term) -> tuple[Term, ...]:
    match term:
        case Attribute(owner) | Item(owner) | Lax(owner):
            return (owner,)
        case Joined(parts) | OneOf(parts) | Display(_, parts):
            return parts
        case BitOr(left, right) | Declared(left, right):
            return left, right
        case Subscript(base, arguments):
            return base, *arguments
        case DictDisplay(pairs):
            return tuple(part for pair in pairs for part in pair)
        case Call(function, arguments, named):
            return function, *arguments, *(value for _, value in named)
        case RunChannel(_, schema, owner):
            return schema, owner
        case Face(owner, _, schema):
            return owner, schema
        case Unknown() | Text() | Constant() | Name() | Parameter():
            return ()
