"""Pickles of types defined in a script or a notebook, which mean the same in another process.

cloudpickle sends a class with its annotations as they are. Strings in them name things of the
script and can't be resolved where the class arrives, so they are resolved before it leaves.
"""

from __future__ import annotations

import dataclasses
import io
import sys
import typing
from contextlib import suppress
from copy import copy
from functools import lru_cache
from typing import Any, NewType

from pydantic import BaseModel
from typing_extensions import TypeAliasType, is_typeddict

from graflow.channels.schema import (
    ALIASES,
    Namespace,
    finish,
    hints_of,
    is_self_contained,
    is_unfinished,
    namespace_of,
    resolved,
)
from graflow.system.annotations import annotations_of
from graflow.system.extras import require

__all__ = ["dumps", "is_found_elsewhere"]

_HINTS = "__annotations__"
_FIELDS = "__dataclass_fields__"
_EXTRA = "__extra_items__"


def dumps(value: object) -> bytes:
    """Pickle a value with cloudpickle, including the types that the annotations of classes name.

    Raises:
        ExtraMissingError: cloudpickle is not installed.
        Exception: The value can't be pickled, as the message says.
    """
    cloudpickle: Any = require("cloudpickle", "processes", "an executor outside this process")
    with io.BytesIO() as file:
        _pickler(cloudpickle.Pickler)(file).dump(value)
        return file.getvalue()


@lru_cache
def _pickler(base: Any) -> Any:
    """Return a class of picklers that send types as this module describes.

    Args:
        base: cloudpickle's `Pickler`.
    """

    class Pickler(base):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, type) and issubclass(obj, BaseModel) and is_unfinished(obj):
                with suppress(Exception):  # it may never be needed there
                    finish(obj)
            return _reduced(obj, super().reducer_override(obj))

    return Pickler


def is_found_elsewhere(module: str, name: str, value: object) -> bool:
    """Tell whether another process that imports the module finds the value under this name.

    A name in `__main__` means something else there, and a module for which
    `cloudpickle.register_pickle_by_value` was called may not exist there.
    """
    if module == "__main__" or module not in sys.modules or _goes_by_value(module):
        return False
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value


def _goes_by_value(module: str) -> bool:
    cloudpickle: Any = sys.modules.get("cloudpickle")
    chosen = set() if cloudpickle is None else cloudpickle.list_registry_pickle_by_value()
    return any(f"{module}.".startswith(f"{name}.") for name in chosen)


def _reduced(value: Any, reduced: Any) -> Any:
    """Return how to pickle a value.

    Args:
        value: Anything.
        reduced: How cloudpickle would pickle it; `NotImplemented` if it leaves that to pickle.
    """
    if isinstance(value, type):
        is_sent_whole = isinstance(reduced, tuple) and len(reduced) == 6
        return _reduced_class(value, *reduced) if is_sent_whole else reduced
    if value is dataclasses.MISSING:
        return "MISSING"  # it has to be the one object of this name everywhere
    for kinds, reduce in ((NewType, _reduced_new_type), (ALIASES, _reduced_alias)):
        if isinstance(value, kinds):
            here = is_found_elsewhere(value.__module__, value.__name__, value)
            return reduced if here else reduce(value)
    return reduced


def _reduced_class(form: Any, make: Any, arguments: Any, state: Any, *others: Any) -> Any:
    attributes, slots = state
    if is_typeddict(form) and type(form).__module__ == "typing":
        bases = _bases_of_dict(form)
        arguments = tuple(bases if part == form.__bases__ else part for part in arguments)
    return make, arguments, ({**attributes, **_without_text(form)}, slots), *others


def _bases_of_dict(form: Any) -> tuple[Any, ...]:
    """Return bases from which a `TypedDict`, which forgets its own, can be made again."""
    parameters = getattr(form, "__parameters__", ())
    generic: Any = typing.Generic
    return (typing.TypedDict, generic[parameters]) if parameters else (typing.TypedDict,)


def _without_text(form: Any) -> dict[str, Any]:
    """Return those attributes of a class that contain strings, with the strings resolved."""
    found: dict[str, Any] = {}
    names = namespace_of(form)
    texts = annotations_of(form)
    if not all(map(is_self_contained, texts.values())):
        is_dict = is_typeddict(form)  # its annotations include those of its bases
        found[_HINTS] = hints_of(form, strict=False) if is_dict else _all_resolved(texts, names)
    if not is_self_contained(extra := vars(form).get(_EXTRA)):
        found[_EXTRA] = resolved(extra, names, strict=False)
    fields = vars(form).get(_FIELDS, {})
    if not all(is_self_contained(field.type) for field in fields.values()):
        found[_FIELDS] = {name: copy(field) for name, field in fields.items()}
        for name, hint in hints_of(form, strict=False).items():
            found[_FIELDS][name].type = hint
    return found


def _all_resolved(texts: dict[str, Any], names: Namespace) -> dict[str, Any]:
    return {name: resolved(text, names, strict=False) for name, text in texts.items()}


def _reduced_new_type(form: Any) -> Any:
    supertype = resolved(form.__supertype__, namespace_of(form), strict=False)
    return NewType, (form.__name__, object), {**vars(form), "__supertype__": supertype}


def _reduced_alias(form: Any) -> Any:
    value = resolved(form.__value__, namespace_of(form), strict=False)
    made_from = (form.__name__, form.__type_params__)
    return _make_alias, made_from, {"__value__": value}, None, None, _set_attributes


def _make_alias(name: str, parameters: tuple[Any, ...]) -> Any:
    """Return an alias that gets its value later, since the value may refer to the alias."""
    return TypeAliasType(name, object, type_params=parameters)


def _set_attributes(form: object, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        object.__setattr__(form, name, value)
