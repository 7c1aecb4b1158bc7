"""Declared keys: what the `Key` and `KeyPattern` objects in classes of `Keys` stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from graflow_mypy.messages import suggestion
from graflow_mypy.program.patterns import ANYTHING, Pattern, joined
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import Given, OfGraflow, ProgramClass, ProgramFunction
from graflow_mypy.source.terms import (
    ANY,
    Call,
    Constant,
    Declared,
    Display,
    Name,
    Term,
    Text,
)

__all__ = [
    "DeclaredKey",
    "declared_key",
    "key_patterns",
    "keys_of",
    "misused_pattern",
    "misused_result",
]

_FIELDS = re.compile(r"(\{\{|\}\}|\{[^{}]*\})")
_BRACES = {"{{": "{", "}}": "}"}
_NONE = Constant("None", "NoneType")
_ANY_PREFIX = frozenset({ANYTHING})
_DEEPEST = 10


class DeclaredKey(NamedTuple):
    """What is known of a declared key.

    Attributes:
        patterns: The keys that it may be.
        form: The term of the type of its values.
    """

    patterns: frozenset[Pattern]
    form: Term


def key_patterns(term: Term, program: Program) -> frozenset[Pattern]:
    """Return the patterns of the keys that a term may stand for: a text, or a declared key."""
    declared = declared_key(term, program)
    return program.texts(term) if declared is None else declared.patterns


def declared_key(term: Term, program: Program) -> DeclaredKey | None:
    """Return what a term stands for that is a declared key: `State.user`, `State.by_id(id=7)`."""
    match term:
        case Declared(_, value) if value != ANY:
            return declared_key(value, program)
        case Name(dotted):
            made = _made(dotted, "Key", program)
            if made is None:
                return None
            owner, _, attribute = program.home(dotted).rpartition(".")
            name = dict(made.named).get("name")
            patterns = frozenset({(attribute,)}) if name is None else program.texts(name)
            return _in_class(owner, patterns, made.argument(0, "form"), program)
        case Call(Name(dotted)):
            made = _made(dotted, "KeyPattern", program)
            if made is None:
                return None
            owner = program.home(dotted).rpartition(".")[0]
            pattern = _pattern(made.argument(0, "pattern"))
            return _in_class(owner, frozenset({pattern}), made.argument(1, "form"), program)
        case _:
            return None


def keys_of(schema: Term, program: Program) -> frozenset[Pattern]:
    """Return the patterns of all keys that a channel with declared keys may be used with.

    They are those of its class, of the bases and of the classes derived from it: a function that
    takes a key of the class may get one of these.
    """
    family = program.family(schema.dotted) if isinstance(schema, Name) else ()
    if not family or _is_local(family[0], program):
        return _ANY_PREFIX
    # Nobody can name a class that is local to a function, nor its keys, outside of it.
    named = [each for each in family if not _is_local(each, program)]
    found = {each for owner in named for each in _own_keys(owner, program)}
    return frozenset(found | _inherited_keys(family[0], program))


def _is_local(found: ProgramClass, program: Program) -> bool:
    owner = found.name.rpartition(".")[0]
    return bool(owner) and owner not in program.notes(found.module).classes


def _inherited_keys(found: ProgramClass, program: Program, depth: int = 0) -> set[Pattern]:
    keys: set[Pattern] = set()
    for base in program.class_note(found).bases:
        above = program.resolve(base.dotted) if isinstance(base, Name) else None
        if above == OfGraflow("Keys"):
            continue
        if not isinstance(above, ProgramClass) or depth > _DEEPEST:
            return {ANYTHING}
        keys |= {*_own_keys(above, program), *_inherited_keys(above, program, depth + 1)}
    return keys


def _own_keys(owner: ProgramClass, program: Program) -> Iterator[Pattern]:
    """Yield the patterns of the keys that a class itself declares, or of what may be one."""
    note = program.class_note(owner)
    notes, start = program.notes(owner.module), f"{owner.module}.{owner.name}"
    for attribute in {*note.others, *note.fields}:
        name = f"{owner.name}.{attribute}"
        known = _known_keys(Name(f"{start}.{attribute}"), program)
        if note.is_twice or f"{start}.{attribute}" in notes.changed:
            yield ANYTHING
        elif known:
            yield from known
        elif not _is_no_key(notes.names.get(name), is_method=name in notes.functions):
            yield from (joined(each, ANYTHING) for each in _prefixes(start, program))


def _known_keys(name: Name, program: Program) -> frozenset[Pattern]:
    declared = declared_key(name, program) or declared_key(Call(name, ()), program)
    return declared.patterns if declared is not None else frozenset()


def _is_no_key(term: Term | None, *, is_method: bool) -> bool:
    value = term.value if isinstance(term, Declared) else term
    return is_method or isinstance(value, Text | Constant | Display)


def misused_pattern(term: Term, program: Program) -> str:
    """Return what is wrong with the values that a `KeyPattern` is called with; empty if nothing."""
    if not isinstance(term, Call) or not isinstance(term.function, Name):
        return ""
    made = _made(term.function.dotted, "KeyPattern", program)
    text = made.argument(0, "pattern") if made is not None else None
    given = {name for name, _ in term.named}
    if not isinstance(text, Text) or not given.isdisjoint({"*", "**"}):
        return ""
    pieces = (each for each in _FIELDS.findall(text.text) if each not in _BRACES)
    fields = {each[1:-1]: None for each in pieces}
    if not all(map(str.isidentifier, fields)):
        return ""  # the class is refused
    called = ".".join(term.function.dotted.rsplit(".", 2)[-2:])
    if extra := sorted(given - fields.keys()):
        return f'Key pattern "{called}" has no field "{extra[0]}"{suggestion(extra[0], fields)}'
    missing = [f'"{each}"' for each in fields if each not in given]
    return f'Key pattern "{called}" needs a value for {" and ".join(missing)}' if missing else ""


def misused_result(term: Term, program: Program) -> str:
    """Return what is wrong with a change of what a term stands for; empty if nothing is known."""
    if not isinstance(term, Name) or term.last != "result":
        return ""
    found = program.resolve(term.dotted.removesuffix(".result"))
    if not isinstance(found, ProgramFunction) or found.module in program.others:
        return ""
    decorators = program.function_note(found).decorators
    makers = (each.function if isinstance(each, Call) else each for each in decorators)
    called = ".".join(term.dotted.rsplit(".", 2)[-2:])
    is_task = any(map(program.is_task, makers))
    return f'Key "{called}" is only read: what it holds, the task alone writes' if is_task else ""


def _made(dotted: str, kind: str, program: Program) -> Call | None:
    """Return the call that made what a name stands for, if it is of a kind."""
    found = program.resolve(dotted)
    if not isinstance(found, Given) or not isinstance(found.term, Call):
        return None
    function = found.term.function
    is_kind = isinstance(function, Name) and program.resolve(function.dotted) == OfGraflow(kind)
    return found.term if is_kind else None


def _in_class(
    owner: str, patterns: frozenset[Pattern], form: Term | None, program: Program
) -> DeclaredKey:
    prefixes = _prefixes(owner, program)
    keys = frozenset(joined(prefix, each) for prefix in prefixes for each in patterns)
    return DeclaredKey(keys, form or ANY)


def _prefixes(owner: str, program: Program, depth: int = 0) -> frozenset[Pattern]:
    """Return what a class may put in front of the keys that it declares."""
    found = program.resolve(owner)
    if found == OfGraflow("Keys"):
        return frozenset({()})
    if not isinstance(found, ProgramClass) or depth > _DEEPEST:
        return _ANY_PREFIX
    note = program.class_note(found)
    words = dict(note.keywords)
    if "**" in words or "__prefix__" in note.others or note.is_twice:
        return _ANY_PREFIX
    prefix = words.get("prefix", _NONE)
    if prefix != _NONE:
        return program.texts(prefix)
    of_bases = {
        _prefixes(base.dotted, program, depth + 1) if isinstance(base, Name) else _ANY_PREFIX
        for base in note.bases
    }
    return of_bases.pop() if len(of_bases) == 1 else _ANY_PREFIX


def _pattern(text: Term | None) -> Pattern:
    """Return the pattern of the keys that a `KeyPattern` makes."""
    if not isinstance(text, Text):
        return ANYTHING
    found: Pattern = ()
    for piece in filter(None, _FIELDS.split(text.text)):
        found = joined(found, (_BRACES.get(piece, None if piece[0] == "{" else piece),))
    return found
