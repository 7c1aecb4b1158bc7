"""Edge cases of keyed channels: several keys at once, and the limits of the schema."""

from __future__ import annotations

from typing_extensions import ReadOnly, TypedDict

from graflow.channels.keyed import KeyedChannel
from graflow.exceptions import (
    ChannelError,
    ChannelTypeError,
    ChannelValidationError,
    ChannelValueError,
)
from graflow.testing.edges.edge import Edge
from graflow.testing.edges.views.lines import view_edge
from graflow.testing.harness import Capability

__all__ = ["EDGES"]

_SETUP = (
    "from graflow import KeyedChannel; from typing_extensions import ReadOnly, TypedDict",
    "a, b = open('job'), open('job')",
    "State = TypedDict('State', {'key': int, 'logs': list[str], 'limit': ReadOnly[int]})",
    "state = KeyedChannel(a, State)",
)
_LISTED = "A key that the schema does not list is refused"


class State(TypedDict):
    """A schema of three keys."""

    key: int
    logs: list[str]
    limit: ReadOnly[int]


def _edge(
    name: str,
    clause: str,
    *lines: tuple[str, object],
    needs: Capability | None = None,
    names_key: bool = False,
) -> Edge:
    return view_edge(
        name,
        clause,
        *lines,
        variable="state",
        make=lambda channel: KeyedChannel(channel, State),
        setup=_SETUP,
        needs=needs,
        names_key=names_key,
    )


EDGES = [
    _edge(
        "in is exists, of the schema's keys",
        "`key in channel` is `exists(key)`",
        ("'key' in state", False),
        ("state.set('key', 1)", None),
        ("'key' in state and 'logs' not in state", True),
        ("'kye' in state", ChannelValueError),
        ("3 in state", ChannelTypeError),
    ),
    _edge(
        "get_many reads some of the keys",
        "the dict has the keys that exist",
        ("state.get_many(['key', 'logs'])", {}),
        ("state.append('logs', 'one')", 1),
        ("a.set('key', 1)", None),
        ("a.set('limit', 5)", None),
        ("state.get_many(['limit', 'key', 'key'])", {"limit": 5, "key": 1}),
        ("state.get_many(iter(['logs']))", {"logs": ["one"]}),
        ("state.get_many([])", {}),
        ("state.get_many(['key', 'kye'])", ChannelValueError),
        ("state.get_many('key')", ChannelTypeError),
    ),
    _edge(
        "get_many refuses a stranger",
        "validate what they read, no matter who wrote it",
        ("a.set('key', 'text')", None),
        ("state.get_many(['logs', 'key'])", ChannelValidationError),
        ("a.get('key')", "text"),
        names_key=True,
    ),
    _edge(
        "set_many writes some of the keys, or none",
        "`set_many` writes all or nothing",
        ("state.set_many({'key': 1, 'logs': '1'})", ChannelValidationError),
        ("state.set_many({'key': 1, 'kye': 1})", ChannelValueError),
        ("state.set_many({'key': 1, 'limit': 1})", ChannelTypeError),
        ("state.set_many([('key', 1)])", ChannelTypeError),
        ("a.keys()", []),
        ("state.set_many({'key': 1})", None),
        ("state.set_many({'logs': ['one'], 'key': 2})", None),
        ("a.get_many(['key', 'logs', 'limit'])", {"key": 2, "logs": ["one"]}),
        ("state.set_many({})", None),
    ),
    _edge(
        "set_many of some keys takes a TTL",
        "`set_many(mapping, ttl=None)`",
        ("state.set_many({'key': 1, 'logs': []}, ttl=150)", None),
        ("149 < state.ttl('key') <= 150 and 149 < state.ttl('logs') <= 150", True),
        ("state.set_many({'key': 3}, ttl=0)", ChannelValueError),
        ("state.set_many({'key': 3})", None),
        ("state.ttl('key')", None),
        needs=Capability.TTL,
    ),
    _edge(
        "clear removes what the schema lists and may change",
        _LISTED,
        ("a.set_many({'key': 1, 'logs': ['one'], 'limit': 5, 'else': 7})", None),
        ("state.clear()", None),
        ("sorted(b.keys())", ["else", "limit"]),
    ),
    _edge(
        "a lock has the name of a key",
        _LISTED,
        ("state.lock('kye')", ChannelValueError),
        ("state.lock('key', 0, 60).__enter__() is not None", True),
        ("state.lock('limit', 0, 60).__enter__() is not None", True),
        ("b.lock('key', 0).__enter__()", ChannelError),
        needs=Capability.LOCK,
    ),
]
"""Edge cases of keyed channels."""
