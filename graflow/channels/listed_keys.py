"""The keys that a `TypedDict` lists, with what their values are checked against."""

from __future__ import annotations

from typing import Any, NotRequired, Required, get_args, get_origin

from typing_extensions import ReadOnly, TypeForm, is_typeddict, override

from graflow.channels.codec.reprs import short_repr
from graflow.channels.operation.keyed_operations import checked_name
from graflow.channels.operation.listing import ListedKey, Listing
from graflow.channels.schema import fields_of, schema_of, without_alias
from graflow.exceptions import SchemaError

__all__ = ["TypedDictKeys", "listed_key"]

_MARKS = (Required, NotRequired, ReadOnly)


class TypedDictKeys(Listing[str]):
    """The keys that a `TypedDict` lists."""

    def __init__(self, schema: TypeForm[Any], *, strict: bool) -> None:
        """Read a `TypedDict`.

        Raises:
            SchemaError: It is something else, or the type of a key can't be a schema.
        """
        kind: Any = get_origin(schema) or schema
        if not is_typeddict(kind):
            raise SchemaError(f"a keyed channel takes a TypedDict class, not {short_repr(schema)}")
        title = str(kind.__name__)
        listed = (
            _listed(name, hint, strict, title, is_required=name in kind.__required_keys__)
            for name, hint in fields_of(schema).items()
        )
        super().__init__(title, {each.name: each for each in listed})

    @override
    def find(self, key: str) -> ListedKey | None:
        listed = self.names.get(key) if type(key) is str else None  # spares most keys a call
        return self.names.get(checked_name(key)) if listed is None else listed


def _listed(name: str, hint: Any, strict: bool, title: str, *, is_required: bool) -> ListedKey:
    is_read_only = False
    while (mark := get_origin(hint)) in _MARKS:
        is_read_only |= mark is ReadOnly
        if mark is not ReadOnly:  # which the class does not know if its annotations are text
            is_required = mark is Required
        hint = get_args(hint)[0]
    listed = listed_key(checked_name(name), hint, strict=strict, path=f"{title}.{name}")
    return listed._replace(is_read_only=is_read_only, is_required=is_required)


def listed_key(name: str, form: TypeForm[Any], *, strict: bool, path: str) -> ListedKey:
    """Return a key that can be read and written, and doesn't have to be there.

    Args:
        name: The key as users know it.
        form: The type of its values.
        strict: Whether values that would have to be coerced are refused.
        path: What messages call the key.

    Raises:
        SchemaError: The type can't be a schema.
    """
    kind = without_alias(form)
    item = (*get_args(kind), Any)[0] if list in (kind, get_origin(kind)) else None
    try:
        items = None if item is None else schema_of(item, strict=strict)
        return ListedKey(name, schema_of(form, strict=strict), items, numbers=_numbers(kind))
    except SchemaError as error:
        raise SchemaError(f"key {path}: {error}") from error


def _numbers(form: Any) -> tuple[type, ...]:
    """Return the types of the numbers that can be added to a value of a type."""
    if form is int:
        return (int,)
    return (int, float) if form is float or set(get_args(form)) == {int, float} else ()
