"""Edge cases of typed channels: what they add to a channel, and what they leave unchanged."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator
from typing_extensions import TypedDict

from graflow.channels.typed import TypedChannel
from graflow.exceptions import (
    ChannelError,
    ChannelKeyError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
)
from graflow.testing.edges.edge import Edge
from graflow.testing.edges.lines import view_edge
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_WRAPS = "`TypedChannel[T]` wraps any channel"
_READS = "reads what `append` built; `get` on such a key raises and says so"
_VALIDATES = "validate before anything is written"


class Point(TypedDict):
    """A schema of one field."""

    x: int


def _edge(
    name: str,
    clause: str,
    *lines: tuple[str, object],
    form: Any = int,
    source: str = "",
    setup: str = "",
    needs: Capability | None = None,
    names_key: bool = True,
) -> Edge:
    """Make an edge case of lines of code, each with its value or the kind of its error.

    In a line, `typed` is the typed channel, `a` the channel below it, and `b` another handle.
    Errors name the channel and `key`, except those about bad arguments. If the `repr` of a form is
    not code, `source` is, after the line `setup`.
    """
    text = source or (form.__name__ if type(form) is type else form)
    return view_edge(
        name,
        clause,
        *lines,
        variable="typed",
        make=lambda channel: TypedChannel(channel, form),
        setup=(
            "from graflow import TypedChannel; a, b = open('job'), open('job')",
            *([setup] if setup else []),
            f"typed = TypedChannel(a, {text})",
        ),
        needs=needs,
        names_key=names_key,
    )


def _time_left(writes: str, *, key: str = "key") -> tuple[tuple[str, object], ...]:
    return (writes, None), (f"149 < typed.ttl({key!r}) <= 150", True)


def _pop_meanwhile(write: str, args: tuple[Any, ...], given: Any, left: Any) -> Edge:
    """Make an edge case of a list that changes while a typed channel looks at its head."""

    def body(trial: Trial) -> None:
        other = trial.open("job", 1)
        writes = iter([lambda: getattr(other, write)("key", *args)])

        def look(value: int) -> int:
            next(writes, int)()
            return value

        typed = TypedChannel(trial.open("job"), Annotated[int, AfterValidator(look)])
        other.set("key", [1, 2])
        trial.note(f"# meanwhile b.{write}{('key', *args)}: b.set('key', [1, 2]); typed.pop('key')")
        try:
            found: object = typed.pop("key")
        except ChannelTypeError as error:
            found = type(error)
        trial.require(found == given, f"pop returns what is there now; it returned {found!r}")
        rest = other.get("key")
        trial.require(rest == left, f"pop removes what it returns; {rest!r} is left")

    name = f"pop while another handle calls {write}{args}"
    return Edge(name, Capability.TYPED, "Every operation is atomic", body=body)


EDGES = [
    *(
        _edge(
            f"{operation}({key!a}) is refused",
            "anything else is refused before the backend is touched",
            (f"typed.{operation}({key!a}{rest})", kind),
            names_key=False,
        )
        for operation, rest in (
            ("set", ", 1"),
            ("get", ""),
            ("get_list", ", None"),
            ("append", ", 1"),
            ("prepend", ", 1"),
            ("pop", ""),
            ("update", ", int, 1"),
        )
        for key, kind in (
            (1, ChannelTypeError),
            (None, ChannelTypeError),
            ("", ChannelValueError),
            ("\ud800", ChannelValueError),
        )
    ),
    _edge(
        "a key of any text is read",
        "A channel's name and a key are non-empty `str` that UTF-8 can encode",
        ("typed.set('k\u00e9y', 1)", None),
        ("typed.get('k\u00e9y')", 1),
        ("typed.get_many(['k\u00e9y'])", {"k\u00e9y": 1}),
    ),
    _edge(
        "what is missing is named",
        "`get(key) -> T` raises a `KeyError` kind when nothing is stored",
        ("typed.get('key')", ChannelKeyError),
        ("typed.get_list('key')", ChannelKeyError),
        ("typed.update('key', int)", ChannelKeyError),
        ("typed.get('key', None)", None),
        ("typed.get_list('key', None)", None),
    ),
    _edge(
        "a value that is a list can be added to",
        "What a typed channel wrote an untyped one can read as plain data",
        ("typed.set('key', [1])", None),
        ("a.append('key', 2)", 2),
        ("typed.get('key')", [1, 2]),
        form=list[int],
    ),
    _edge(
        "a value that may be a list or none",
        "What a typed channel wrote an untyped one can read as plain data",
        ("typed.set('key', 5)", None),
        ("(typed.get('key'), a.get('key'))", (5, 5)),
        ("typed.set('key', [5])", None),
        ("(typed.get('key'), a.append('key', 6))", ([5], 2)),
        form=int | list[int],
    ),
    _edge(
        "data of another shape is not a value",
        "Validation is strict and deep",
        ("a.set('key', {'a': (1, 2)})", None),
        ("typed.get('key')", ChannelValidationError),
        ("a.set('key', {1: [1, 2]})", None),
        ("typed.get('key')", ChannelValidationError),
        ("a.set('key', {'$': [1, 2]})", None),
        ("typed.get('key')", {"$": [1, 2]}),
        form=dict[str, list[int]],
    ),
    _pop_meanwhile("prepend", (0,), 0, [1, 2]),
    _pop_meanwhile("pop", (), 2, None),
    _pop_meanwhile("delete", (), None, None),
    _pop_meanwhile("set", ([3],), 3, None),
    _pop_meanwhile("set", (5,), ChannelTypeError, 5),
    _edge(
        "set takes a TTL, and clears it",
        _WRAPS,
        *_time_left("typed.set('key', 1, ttl=150)"),
        ("typed.set('key', 2)", None),
        ("typed.ttl('key')", None),
        ("typed.set('key', 2, ttl=0)", ChannelValueError),
        ("typed.get('key')", 2),
        needs=Capability.TTL,
    ),
    _edge(
        "set_many takes a TTL",
        _WRAPS,
        *_time_left("typed.set_many({'key': 1, 'other': 2}, ttl=150)", key="other"),
        ("typed.set_many({'key': 3}, ttl='5')", ChannelTypeError),
        ("typed.set_many({'key': 3})", None),
        ("typed.ttl('key')", None),
        needs=Capability.TTL,
    ),
    *(
        _edge(
            f"{end} takes a TTL, or leaves it",
            _WRAPS,
            (f"typed.{end}('key', 1)", 1),
            (f"typed.{end}('key', 2, ttl=150)", 2),
            (f"typed.{end}('key', 3)", 3),
            ("149 < typed.ttl('key') <= 150", True),
            (f"typed.{end}('key', 4, ttl=-1)", ChannelValueError),
            ("len(typed.get_list('key'))", 3),
            needs=Capability.TTL,
        )
        for end in ("append", "prepend")
    ),
    _edge(
        "update keeps the TTL",
        _WRAPS,
        ("typed.set('key', 1, ttl=150)", None),
        ("typed.update('key', lambda value: value + 1)", 2),
        ("149 < typed.ttl('key') <= 150", True),
        needs=Capability.TTL,
    ),
    _edge(
        "update begins with the default",
        _WRAPS,
        ("typed.update('key', lambda value: value + 1)", ChannelKeyError),
        ("typed.update('key', lambda value: value + 1, default=5)", 6),
        ("typed.update('key', lambda value: value + 1, default=5)", 7),
        ("typed.update('key', lambda value: str(value))", ChannelValidationError),
        ("a.get('key')", 7),
    ),
    _edge(
        "update goes by the latest value",
        "reads, calls `fn`, writes, and starts over if someone wrote in between",
        ("typed.set('key', 1)", None),
        ("typed.update('key', lambda old: old < 9 and b.set('key', 10) or old + 1)", 11),
        ("a.get('key')", 11),
    ),
    _edge(
        "update refuses a stranger",
        "validate what they read, no matter who wrote it",
        ("a.set('key', 'text')", None),
        ("typed.update('key', lambda value: 1)", ChannelValidationError),
        ("a.get('key')", "text"),
    ),
    _edge(
        "keys, exists, delete and clear are the channel's",
        _WRAPS,
        ("typed.exists('key')", False),
        ("typed.set_many({'key': 1, 'other': 2})", None),
        ("sorted(typed.keys())", ["key", "other"]),
        ("typed.exists('key')", True),
        ("typed.delete('key')", True),
        ("typed.delete('key')", False),
        ("a.keys()", ["other"]),
        ("typed.ttl('key')", ChannelKeyError),
        ("typed.clear()", None),
        ("typed.keys()", []),
    ),
    _edge(
        "in is exists",
        "`key in channel` is `exists(key)`",
        ("'key' in typed", False),
        ("typed.set('key', 1)", None),
        ("'key' in typed and 'other' not in typed", True),
        ("a.set('key', 'text')", None),
        ("'key' in typed", True),
        ("3 in typed", ChannelTypeError),
        ("'' in typed", ChannelValueError),
        names_key=False,
    ),
    _edge(
        "a lock is the channel's",
        _WRAPS,
        ("typed.lock('key', 0, 60).__enter__() is not None", True),
        ("typed.lock('key', 0).__enter__()", ChannelError),
        ("b.lock('key', 0).__enter__()", ChannelError),
        needs=Capability.LOCK,
    ),
    _edge(
        "get and get_list keep apart",
        _READS,
        ("typed.append('key', 1)", 1),
        ("typed.get('key')", ChannelTypeError),
        ("typed.get('key', None)", ChannelTypeError),
        ("typed.get_list('key', None)", [1]),
        ("typed.set('key', 1)", None),
        ("typed.get_list('key')", ChannelTypeError),
        ("typed.get_list('key', None)", ChannelTypeError),
        ("typed.append('key', 1)", ChannelTypeError),
        ("typed.prepend('key', 1)", ChannelTypeError),
        ("typed.pop('key')", ChannelTypeError),
        ("typed.get('key')", 1),
    ),
    _edge(
        "pop gives the default when there is nothing",
        "removes and returns the head",
        ("typed.pop('key')", None),
        ("typed.pop('key', 'none')", "none"),
        ("typed.append('key', 1)", 1),
        ("typed.append('key', 1)", 2),
        ("typed.pop('key', 'none')", 1),
        ("typed.pop('key')", 1),
        ("typed.pop('key')", None),
    ),
    _edge(
        "get_many leaves out what is missing",
        _WRAPS,
        ("typed.set('key', 1)", None),
        ("typed.get_many(['missing', 'key', 'key'])", {"key": 1}),
        ("a.set('key', 'text')", None),
        ("typed.get_many(['missing', 'key'])", ChannelValidationError),
    ),
    _edge(
        "one bad value of set_many stores nothing",
        _VALIDATES,
        ("typed.set_many({'new': 1, 'key': '1'})", ChannelValidationError),
        ("typed.keys()", []),
    ),
    *(
        _edge(
            f"{name} comes back from a value and an item",
            "What a typed channel wrote an untyped one can read as plain data",
            (f"typed.set('key', {source})", None),
            (f"same(typed.get('key'), {source})", True),
            (f"same(a.get('key'), {source})", True),
            (f"typed.append('list', {source})", 1),
            (f"same(typed.get_list('list'), [{source}])", True),
            (f"same(a.get('list'), [{source}])", True),
            (f"same(typed.pop('list'), {source})", True),
            form=form,
        )
        for name, form, source in (
            ("a dollar sign", dict[str, str], "{'$': 'a$b', 'N': 'I'}"),
            ("what looks like a tag", dict[str, list[int]], "{'$tuple': [1]}"),
            ("text that spells NaN", list[str], "['NaN', '-Infinity', 'N', 'I']"),
            (
                "not-a-number and infinities",
                list[float],
                "[float('nan'), float('inf'), -float('inf'), -0.0]",
            ),
            ("NaN alone", float, "float('nan')"),
            ("infinity alone", float, "float('-inf')"),
            ("an int of 4,300 digits", list[int], "[10**4299, -(10**4298), 1]"),
            ("text of many digits", str, "'1' * 5000"),
        )
    ),
    *(
        _edge(
            f"a field that the schema lacks, {place}",
            "unknown fields are refused",
            (f"typed.set('key', {bad})", ChannelValidationError),
            (f"typed.set_many({{'key': {bad}}})", ChannelValidationError),
            (f"typed.append('key', {bad})", ChannelValidationError),
            (f"typed.prepend('key', {bad})", ChannelValidationError),
            (f"typed.update('key', lambda value: {bad}, default={good})", ChannelValidationError),
            ("typed.keys()", []),
            (f"a.set('key', {bad})", None),
            ("typed.get('key')", ChannelValidationError),
            ("typed.get_many(['key'])", ChannelValidationError),
            (f"a.append('list', {bad})", 1),
            ("typed.get_list('list')", ChannelValidationError),
            ("typed.pop('list')", ChannelValidationError),
            (f"(a.get('key') == {bad}, a.get('list') == [{bad}])", (True, True)),
            form=form,
            source=source,
            setup="from typing_extensions import TypedDict; Point = TypedDict('Point', {'x': int})",
            names_key=False,
        )
        for place, form, source, good, bad in (
            ("at the top", Point, "Point", "{'x': 1}", "{'x': 1, 'y': 2}"),
            (
                "below a key",
                dict[str, Point],
                "dict[str, Point]",
                "{'p': {'x': 1}}",
                "{'p': {'x': 1, 'y': 2}}",
            ),
        )
    ),
    _edge(
        "an int that no JSON parser reads is refused",
        _VALIDATES,
        ("typed.set('key', 10**4300)", ChannelValidationError),
        ("typed.append('key', -(10**4300))", ChannelValidationError),
        ("typed.keys()", []),
    ),
]
"""Edge cases of typed channels."""
