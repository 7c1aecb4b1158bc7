"""Stored values as text for a reader: their type, their size, their JSON; long ones cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from json import JSONEncoder
from typing import Any, Final

from pydantic_core import from_json

from graflow.channels.codec.codec import Record

__all__ = ["pretty", "preview", "size_of", "type_of"]

_LONG: Final = 1 << 16  # bytes of a record that is not read to its end for a line
_TOO_LONG: Final = 1 << 25  # bytes of a record that is not parsed at all
_SHOWN: Final = 50_000  # characters of a value in full
_LINE: Final = 140  # characters of a value in a line
_NAMES: Final[dict[type, str]] = {type(None): "None", dict: "dict", list: "list"}
_BY_FIRST: Final = {b"{": "dict", b'"': "str", b"t": "bool", b"f": "bool", b"n": "None"}

_pretty = JSONEncoder(indent=2, ensure_ascii=False).iterencode
_brief = JSONEncoder(ensure_ascii=False).iterencode


def size_of(record: Record) -> int:
    """Return how many bytes are stored."""
    return len(record) if isinstance(record, bytes) else sum(map(len, record))


def type_of(record: Record) -> str:
    """Return what Python calls the type of a stored value, with the number of its parts."""
    if isinstance(record, list):
        return f"list of {len(record):,}"
    if len(record) > _LONG:
        return _BY_FIRST.get(record[:1], "number")
    data = _parsed(record)
    if data is _UNREADABLE:
        return "not written by graflow"
    if isinstance(data, dict):
        if len(data) == 1 and (name := next(iter(data))).startswith("$"):
            return _tagged(name[1:], data[name])
        return f"dict of {len(data):,}"
    return _NAMES.get(type(data), type(data).__name__)


def _tagged(name: str, content: Any) -> str:
    counted = isinstance(content, list) and name in ("tuple", "set", "frozenset", "dict")
    return f"{name} of {len(content):,}" if counted else name


def preview(record: Record) -> str:
    """Return the beginning of a value on one line."""
    if isinstance(record, list):
        text, is_cut = _joined(_items_brief(record), _LINE)
    elif len(record) > _LONG:
        text, is_cut = record[:_LINE].decode(errors="ignore"), True
    elif (data := _parsed(record)) is _UNREADABLE:
        text, is_cut = _raw(record, _LINE)
    else:
        text, is_cut = _joined(_brief(data), _LINE)
    return f"{text}…" if is_cut else text


def pretty(record: Record) -> tuple[str, bool]:
    """Return a value as indented JSON, the way it is stored, and whether its end was left out."""
    if isinstance(record, list):
        return _joined(_items_pretty(record), _SHOWN)
    data = _parsed(record) if len(record) <= _TOO_LONG else _UNREADABLE
    return _raw(record, _SHOWN) if data is _UNREADABLE else _joined(_pretty(data), _SHOWN)


_UNREADABLE: Final = object()


def _parsed(record: bytes) -> Any:
    try:
        return from_json(record)
    except ValueError:
        return _UNREADABLE


def _raw(record: bytes, most: int) -> tuple[str, bool]:
    return record[:most].decode(errors="backslashreplace"), len(record) > most


def _items_brief(items: list[bytes]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield ", " if number else "["
        yield preview(item)
    yield "]" if items else "[]"


def _items_pretty(items: list[bytes]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield ",\n  " if number else "[\n  "
        yield pretty(item)[0].replace("\n", "\n  ")
    yield "\n]" if items else "[]"


def _joined(pieces: Iterable[str], most: int) -> tuple[str, bool]:
    """Join pieces as long as there is room; those after that are never made."""
    taken: list[str] = []
    left = most
    for piece in pieces:
        if len(piece) > left:
            taken.append(piece[:left])
            return "".join(taken), True
        taken.append(piece)
        left -= len(piece)
    return "".join(taken), False
