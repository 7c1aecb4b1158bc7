"""Edge cases of the data behind a schema: what comes back, and what is refused."""

from __future__ import annotations

from typing_extensions import TypedDict

from graflow.exceptions import (
    ChannelValidationError,
)
from graflow.testing.edges.views.lines import typed_edge

__all__ = ["EDGES"]

_VALIDATES = "validate before anything is written"


class Point(TypedDict):
    """A schema of one field."""

    x: int


EDGES = [
    typed_edge(
        "a value that is a list can be added to",
        "What a typed channel wrote an untyped one can read as plain data",
        ("typed.set('key', [1])", None),
        ("a.append('key', 2)", 2),
        ("typed.get('key')", [1, 2]),
        form=list[int],
    ),
    typed_edge(
        "a value that may be a list or none",
        "What a typed channel wrote an untyped one can read as plain data",
        ("typed.set('key', 5)", None),
        ("(typed.get('key'), a.get('key'))", (5, 5)),
        ("typed.set('key', [5])", None),
        ("(typed.get('key'), a.append('key', 6))", ([5], 2)),
        form=int | list[int],
    ),
    typed_edge(
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
    *(
        typed_edge(
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
        typed_edge(
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
    typed_edge(
        "an int that no JSON parser reads is refused",
        _VALIDATES,
        ("typed.set('key', 10**4300)", ChannelValidationError),
        ("typed.append('key', -(10**4300))", ChannelValidationError),
        ("typed.keys()", []),
    ),
]
"""Edge cases of the data behind a schema."""
