"""A schema: a type turned into the checks, writer and reader of a typed channel's values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Annotated, Any, Generic, NoReturn, TypeVar, get_args, get_origin

from pydantic_core import PydanticSerializationError, SchemaValidator, ValidationError
from typing_extensions import TypeForm

from graflow.channels.codec.codec import Record, decode, pack_json, pack_json_item, unpack_json
from graflow.channels.codec.reprs import short_repr
from graflow.channels.codec.stand_ins import without_stand_ins
from graflow.channels.schema.compiling import serializer_of, validator_of
from graflow.channels.schema.core_schema import core_schema_of, schema_error
from graflow.channels.schema.differences import differences, leaves
from graflow.channels.schema.fast_path import REPLACEMENT, look_of, with_shortcuts
from graflow.channels.schema.field_errors import alterations, from_details, lost, unstorable
from graflow.channels.schema.roundtrip.rules import Storable, storable
from graflow.channels.schema.roundtrip.walk import Unstorable
from graflow.channels.schema.types.annotations import is_self_contained
from graflow.exceptions import (
    ChannelError,
    ChannelTypeError,
    ChannelValidationError,
    FieldError,
    SchemaError,
)

__all__ = ["Schema", "name_of", "schema_of"]

T = TypeVar("T")

_DOLLAR = ord("$")
_TOO_DEEP = "a type that is nested so deeply can't be a schema"
_DEEPEST = 300  # levels of types in types; a value has 200 at most
_SHORT = 4000  # no number in so short a text is too long to be read


def schema_of(form: TypeForm[T], *, strict: bool = True) -> Schema[T]:
    """Return the `Schema` of a type; it is made once and kept for the next time.

    Args:
        form: Any type that a pydantic `TypeAdapter` takes and that survives a round trip through
            JSON.
        strict: `False` lets pydantic turn a value into one that fits.

    Raises:
        SchemaError: The type can't be a schema; the message gives the path of the culprit.
    """
    try:
        return _kept(form, strict)
    except RecursionError as error:
        raise SchemaError(_TOO_DEEP) from error


def _is_shallow(form: Any) -> bool:
    """Tell whether a type is nested no deeper than its values may be, with room for unions.

    In WebAssembly, a deeper one would use up the stack, and Python with it.
    """
    level = [form]
    for _ in range(_DEEPEST):
        level = [part for each in level for part in get_args(each)]
        if not level:
            return True
    return False


def _kept(form: Any, strict: bool) -> Schema[Any]:
    kind: Any = type(form)
    if isinstance(form, type) and kind.__eq__ is object.__eq__:
        return _cached(form, "", strict)  # a class that nothing else is equal to
    if not _is_shallow(form):
        raise SchemaError(_TOO_DEEP)
    try:
        hash(form)
        text = repr(form)
    except (TypeError, ValueError):
        return Schema(form, strict)
    return _cached(form, text, strict) if is_self_contained(form) else Schema(form, strict)


@lru_cache(maxsize=1024)
def _cached(form: Any, text: str, strict: bool) -> Schema[Any]:
    """Make a schema; `text` tells equal types apart that differ, such as `A | B` and `B | A`."""
    return Schema(form, strict)


class Schema(Generic[T]):
    """The checks, writer and reader that one type stands for.

    Attributes:
        form: The type.
        name: What messages call it.
        strict: Whether values that would have to be coerced are refused.
        is_for_lists: Whether a whole value may be stored as a list.
        dump: Returns what a channel stores for a value. Raises `ChannelValidationError` if the
            value doesn't fit or wouldn't come back unchanged.
        dump_item: The same for an item of a list.
        load: Returns the value that a channel holds. Raises `ChannelValidationError` if it doesn't
            fit, `ChannelTypeError` if it is a list and the schema's values never are, and
            `ChannelDataError` if graflow didn't write it.
    """

    dump: Callable[[T], Record]
    dump_item: Callable[[T], bytes]
    load: Callable[[Record], T]

    def __init__(self, form: TypeForm[T], strict: bool = True) -> None:
        """Make a schema of a type; see `schema_of`."""
        self.form = form
        self.name = name_of(form)
        self.strict = strict
        self._core = core_schema_of(form, self.name)
        self._storable = ready = self._ready()
        self.is_for_lists = "array" in ready.kinds
        self._is_plain = ready.is_plain
        self._is_doubtful = not ready.is_faithful
        self._looks_unaltered = look_of(ready, self.name) if strict else _always
        validator = validator_of(ready.core, ready.config)
        self._validate: Callable[[Any], Any] = validator.validate_python
        if ready.has_aliases:
            self._validate = partial(validator.validate_python, by_name=True, by_alias=not strict)
        self._validate_json = validator.validate_json
        self._data_validator: SchemaValidator | None = None
        self._to_json = serializer_of(ready.core, ready.config).to_json
        self.dump_item, self.load = self._dump_item, self._load
        if strict:
            self.dump_item, self.load = with_shortcuts(
                ready, self.name, self._dump_item, self._load
            )
        self.dump = self._dump_list if self.is_for_lists else self.dump_item

    def _ready(self, *, from_data: bool = False) -> Storable:
        try:
            return storable(self._core, strict=self.strict, from_data=from_data)
        except Unstorable as error:
            raise schema_error(self.name, error.path, error.reason) from None

    def __repr__(self) -> str:
        """Show the type."""
        return f"{type(self).__name__}({self.name})"

    def _dump_list(self, value: T) -> Record:
        text = self._text(value)
        try:
            return pack_json(text)
        except ChannelError as error:
            self._unstorable(value, error)

    def _dump_item(self, value: T) -> bytes:
        text = self._text(value)
        if self._is_plain and _DOLLAR not in text and len(text) < _SHORT:
            return text
        try:
            return pack_json_item(text)
        except ChannelError as error:
            self._unstorable(value, error)

    def _load(self, record: Record) -> T:
        value: T
        try:
            if isinstance(record, bytes) and _DOLLAR not in record:
                value = self._validate_json(record)
            elif isinstance(record, list) and not self.is_for_lists:
                raise ChannelTypeError("a list of values is stored here; read it with get_list")
            elif (plain := unpack_json(record)) is None:
                value = self._validate_data(decode(record))
            else:
                value = self._validate_json(plain)
            return value
        except ValidationError as error:
            decode(record)  # raises if graflow did not write it
            self._misfit(error, "what is stored does not fit")

    def load_items(self, items: Record) -> list[T]:
        """Return the items of a list that a channel holds.

        Raises:
            ChannelValidationError: An item doesn't fit.
            ChannelTypeError: A single value is stored, not a list.
            ChannelDataError: An item was not written by graflow.
        """
        if isinstance(items, bytes):
            raise ChannelTypeError("a single value is stored here, not a list; read it with get")
        values: list[T] = []
        errors: list[FieldError] = []
        for i, item in enumerate(items):
            try:
                values.append(self.load(item))
            except ChannelValidationError as error:
                errors += (_at_item(i, each) for each in error.errors)
        if errors:
            raise self._error("what is stored does not fit", errors)
        return values

    def _text(self, value: T) -> bytes:
        try:
            return self._text_of(value)
        except ChannelValidationError:
            plain: T = without_stand_ins(value)
            if plain is value:
                raise
        return self._text_of(plain)

    def _text_of(self, value: T) -> bytes:
        try:
            valid = self._validate(value)
            text = self._to_json(valid)
        except ValidationError as error:
            self._misfit(error, "the value does not fit")
        except (PydanticSerializationError, ValueError, RecursionError) as error:
            self._unstorable(value, error)
        try:
            if not self._looks_unaltered(value):
                self._check_unaltered(value, valid)
            if self._is_doubtful or REPLACEMENT in text:
                self._check_comes_back(valid, text)
        except RecursionError as error:
            self._unstorable(value, error)
        return text

    def _check_unaltered(self, value: T, valid: T) -> None:
        errors = alterations(differences(value, valid), self._storable)
        if errors:
            raise self._error("the value does not fit", errors)

    def _check_comes_back(self, valid: T, text: bytes) -> None:
        try:
            back = self._validate_json(text)
        except ValidationError as error:
            self._misfit(error, "the value would not come back from JSON as")
        errors = lost(differences(valid, back), self._storable)
        if errors:
            raise self._error("the value would not come back from JSON as", errors)

    def _validate_data(self, data: Any) -> Any:
        """Validate Python data that has yet to become instances of classes."""
        # Not a `cached_property`: on Python 3.11 it has a lock, which a fork may leave taken.
        if self._data_validator is None:
            ready = self._ready(from_data=True)
            self._data_validator = validator_of(ready.core, ready.config)
        return self._data_validator.validate_python(data)

    def _misfit(self, error: ValidationError, what: str) -> NoReturn:
        details = error.errors(include_url=False, include_context=False)
        raise self._error(what, from_details(details, self._storable)) from error

    def _unstorable(self, value: T, error: Exception) -> NoReturn:
        try:
            errors = unstorable(leaves(value), self._storable)
        except RecursionError:
            errors = ()
        whole = FieldError("", f"can't be stored as JSON ({error})", short_repr(value))
        raise self._error("the value can't be stored as", errors or [whole]) from error

    def _error(self, what: str, errors: Iterable[FieldError]) -> ChannelValidationError:
        errors = tuple(errors)
        lines = "".join(f"\n  {each}" for each in errors)
        return ChannelValidationError(
            f"{what} {self.name}:{lines}", schema=self.name, errors=errors
        )


def _always(value: object) -> bool:
    return True


def _at_item(index: int, error: FieldError) -> FieldError:
    dot = "." if error.path and not error.path.startswith("[") else ""
    return FieldError(f"[{index}]{dot}{error.path}", error.message, error.found)


def name_of(form: object) -> str:
    """Return what messages call a type."""
    if get_origin(form) is Annotated:
        return name_of(get_args(form)[0])
    if isinstance(form, type) and not hasattr(form, "__args__"):
        return form.__name__
    try:
        text = repr(form)
    except ValueError:
        text = short_repr(form)  # of an int with too many digits, which is not a type either
    return re.sub(r"(?:\w+\.|<locals>\.)+(?=\w)", "", text)
