"""Edge cases of typed channels: what they add to a channel, and what they leave unchanged."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from graflow.channels.typed import TypedChannel
from graflow.exceptions import (
    ChannelError,
    ChannelKeyError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
)
from graflow.testing.edges.edge import Edge
from graflow.testing.edges.views.lines import typed_edge
from graflow.testing.harness import Capability
from graflow.testing.trials.trial import Trial

__all__ = ["EDGES"]

_WRAPS = "`TypedChannel[T]` wraps any channel"
_READS = "reads what `append` built; `get` on such a key raises and says so"
_VALIDATES = "validate before anything is written"


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
        typed_edge(
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
    typed_edge(
        "a key of any text is read",
        "A channel's name and a key are non-empty `str` that UTF-8 can encode",
        ("typed.set('k\u00e9y', 1)", None),
        ("typed.get('k\u00e9y')", 1),
        ("typed.get_many(['k\u00e9y'])", {"k\u00e9y": 1}),
    ),
    typed_edge(
        "what is missing is named",
        "`get(key) -> T` raises a `KeyError` kind when nothing is stored",
        ("typed.get('key')", ChannelKeyError),
        ("typed.get_list('key')", ChannelKeyError),
        ("typed.update('key', int)", ChannelKeyError),
        ("typed.get('key', None)", None),
        ("typed.get_list('key', None)", None),
    ),
    _pop_meanwhile("prepend", (0,), 0, [1, 2]),
    _pop_meanwhile("pop", (), 2, None),
    _pop_meanwhile("delete", (), None, None),
    _pop_meanwhile("set", ([3],), 3, None),
    _pop_meanwhile("set", (5,), ChannelTypeError, 5),
    typed_edge(
        "set takes a TTL, and clears it",
        _WRAPS,
        *_time_left("typed.set('key', 1, ttl=150)"),
        ("typed.set('key', 2)", None),
        ("typed.ttl('key')", None),
        ("typed.set('key', 2, ttl=0)", ChannelValueError),
        ("typed.get('key')", 2),
        needs=Capability.TTL,
    ),
    typed_edge(
        "set_many takes a TTL",
        _WRAPS,
        *_time_left("typed.set_many({'key': 1, 'other': 2}, ttl=150)", key="other"),
        ("typed.set_many({'key': 3}, ttl='5')", ChannelTypeError),
        ("typed.set_many({'key': 3})", None),
        ("typed.ttl('key')", None),
        needs=Capability.TTL,
    ),
    *(
        typed_edge(
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
    typed_edge(
        "update keeps the TTL",
        _WRAPS,
        ("typed.set('key', 1, ttl=150)", None),
        ("typed.update('key', lambda value: value + 1)", 2),
        ("149 < typed.ttl('key') <= 150", True),
        needs=Capability.TTL,
    ),
    typed_edge(
        "update begins with the default",
        _WRAPS,
        ("typed.update('key', lambda value: value + 1)", ChannelKeyError),
        ("typed.update('key', lambda value: value + 1, default=5)", 6),
        ("typed.update('key', lambda value: value + 1, default=5)", 7),
        ("typed.update('key', lambda value: str(value))", ChannelValidationError),
        ("a.get('key')", 7),
    ),
    typed_edge(
        "update goes by the latest value",
        "reads, calls `fn`, writes, and starts over if someone wrote in between",
        ("typed.set('key', 1)", None),
        ("typed.update('key', lambda old: old < 9 and b.set('key', 10) or old + 1)", 11),
        ("a.get('key')", 11),
    ),
    typed_edge(
        "update refuses a stranger",
        "validate what they read, no matter who wrote it",
        ("a.set('key', 'text')", None),
        ("typed.update('key', lambda value: 1)", ChannelValidationError),
        ("a.get('key')", "text"),
    ),
    typed_edge(
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
    typed_edge(
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
    typed_edge(
        "a lock is the channel's",
        _WRAPS,
        ("typed.lock('key', 0, 60).__enter__() is not None", True),
        ("typed.lock('key', 0).__enter__()", ChannelError),
        ("b.lock('key', 0).__enter__()", ChannelError),
        needs=Capability.LOCK,
    ),
    typed_edge(
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
    typed_edge(
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
    typed_edge(
        "get_many leaves out what is missing",
        _WRAPS,
        ("typed.set('key', 1)", None),
        ("typed.get_many(['missing', 'key', 'key'])", {"key": 1}),
        ("a.set('key', 'text')", None),
        ("typed.get_many(['missing', 'key'])", ChannelValidationError),
    ),
    typed_edge(
        "one bad value of set_many stores nothing",
        _VALIDATES,
        ("typed.set_many({'new': 1, 'key': '1'})", ChannelValidationError),
        ("typed.keys()", []),
    ),
]
"""Edge cases of typed channels."""
