"""Keys of a channel with their values: a page of them at a time, or one in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from graflow.channels.backend import Backend, Extent
from graflow.channels.codec.digests import digest_of
from graflow.channels.commits.commit import Held
from graflow.channels.hidden_keys import stored_key
from graflow.ui.answers.declared import DeclaredNames, Fit
from graflow.ui.answers.shown_value import pretty, preview, size_of, type_of

__all__ = ["row_of", "rows_of", "value_of"]

_SMALL: Final = 1 << 16  # bytes of a value that a table reads
_ENOUGH: Final = 1 << 21  # bytes of all values that a table reads

Row = dict[str, Any]


def rows_of(backend: Backend, keys: Sequence[str], declared: DeclaredNames | None) -> list[Row]:
    """Return what a table shows of some keys.

    All are measured, and the small ones are read; a large one is read when it is opened.
    """
    extents = backend.measure([stored_key(key) for key in keys])
    there = {key: extent for key, extent in zip(keys, extents, strict=True) if extent}
    small = _small(there)
    held = dict(zip(small, backend.read([stored_key(key) for key in small]), strict=True))
    rows = [
        _unread(key, extent, declared) if key not in held else row_of(key, held[key], declared)
        for key, extent in there.items()
    ]
    return [row for row in rows if row]


def _small(extents: Mapping[str, Extent]) -> list[str]:
    """Return the keys whose values take little to read, and no more of them than that is true."""
    found, left = [], _ENOUGH
    for key, extent in extents.items():
        if extent.size <= min(_SMALL, left):
            found.append(key)
            left -= extent.size
    return found


def row_of(key: str, held: Held | None, declared: DeclaredNames | None) -> Row:
    """Return what a table shows of a key; nothing of one that is not there."""
    if held is None:
        return {}
    row: Row = {
        "key": key,
        "type": type_of(held.record),
        "size": size_of(held.record),
        "left": held.left,
        "preview": preview(held.record),
    }
    return row if declared is None else row | _judged(declared.fit(key, held.record))


def value_of(backend: Backend, key: str, declared: DeclaredNames | None) -> Row | None:
    """Return all that is shown of a key; `None` if it is not there."""
    (held,) = backend.read([stored_key(key)])
    if held is None:
        return None
    text, is_cut = pretty(held.record)
    shown: Row = row_of(key, held, None) | {
        "text": text,
        "cut": is_cut,
        "etag": digest_of(held.record),
    }
    return shown | _judged(declared.fit(key, held.record)) if declared else shown


def _judged(fit: Fit | None) -> Row:
    if fit is None:
        return {"declared": None}
    return {"declared": fit.type, "errors": [list(each) for each in islice(fit.errors, 50)]}


def _unread(key: str, extent: Extent, declared: DeclaredNames | None) -> Row:
    size, items, left = extent
    kind = None if items is None else f"list of {items:,}"
    row: Row = {"key": key, "type": kind, "size": size, "left": left, "preview": None}
    return row | {"declared": declared.type_of(key)} if declared else row
