"""The keys that a `TypedDict` lists, with what their values are checked against."""

from __future__ import annotations

from typing import Any, NotRequired, Required, get_args, get_origin

from typing_extensions import ReadOnly, TypeForm, is_typeddict

from graflow.channels.codec.reprs import short_repr
from graflow.channels.operation.keyed_operations import ListedKey, checked_name
from graflow.channels.schema import fields_of, schema_of
from graflow.exceptions import SchemaError

__all__ = ["listed_keys", "title_of"]

_MARKS = (Required, NotRequired, ReadOnly)


def title_of(schema: TypeForm[Any]) -> str:
    """Return the name of a `TypedDict`.

    Raises:
        SchemaError: It is something else.
    """
    kind: Any = get_origin(schema) or schema
    if not is_typeddict(kind):
        raise SchemaError(f"a keyed channel takes a TypedDict class, not {short_repr(schema)}")
    return str(kind.__name__)


def listed_keys(schema: TypeForm[Any], *, strict: bool) -> dict[str, ListedKey]:
    """Return the keys of a `TypedDict`.

    Raises:
        SchemaError: It is something else, or the type of a key can't be a schema.
    """
    title = title_of(schema)
    kind: Any = get_origin(schema) or schema
    return {
        checked_name(name): _listed(
            hint, strict, f"{title}.{name}", is_required=name in kind.__required_keys__
        )
        for name, hint in fields_of(schema).items()
    }


def _listed(hint: Any, strict: bool, path: str, *, is_required: bool) -> ListedKey:
    is_read_only = False
    while (mark := get_origin(hint)) in _MARKS:
        is_read_only |= mark is ReadOnly
        if mark is not ReadOnly:  # which the class does not know if its annotations are text
            is_required = mark is Required
        hint = get_args(hint)[0]
    item = (*get_args(hint), Any)[0] if list in (hint, get_origin(hint)) else None
    try:
        items = None if item is None else schema_of(item, strict=strict)
        return ListedKey(schema_of(hint, strict=strict), items, is_read_only, is_required)
    except SchemaError as error:
        raise SchemaError(f"key {path}: {error}") from error
