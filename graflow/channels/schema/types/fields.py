"""The types of a class's fields, with forward references and type arguments resolved."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Mapping
from typing import Any, ForwardRef, TypeVar, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import NoExtraItems, get_type_hints, is_typeddict

from graflow.channels.schema.types.namespaces import Namespace, namespace_of
from graflow.system.annotations import annotations_of

__all__ = [
    "arguments_of",
    "config_of",
    "fields_of",
    "hints_of",
    "openness_of",
    "parameters_of",
    "resolved",
    "substituted",
    "text_of",
]

Arguments = Mapping[Any, Any]
"""Type parameters, each with its argument."""

_CONFIG = "__pydantic_config__"


def fields_of(form: Any) -> dict[str, Any]:
    """Return the types of the fields of a class, generic or not; empty if it has no fields.

    An annotation that names an undefined type stays as it is.
    """
    origin: Any = get_origin(form) or form
    if not isinstance(origin, type):
        return {}
    if issubclass(origin, BaseModel):
        names = namespace_of(origin)
        hints = {
            name: resolved(field.annotation, names, strict=False)
            for name, field in origin.model_fields.items()
        }
    elif is_typeddict(origin) or dataclasses.is_dataclass(origin) or hasattr(origin, "_fields"):
        hints = hints_of(origin, strict=False)
    else:
        return {}
    arguments = arguments_of(form)
    return {name: substituted(hint, arguments) for name, hint in hints.items()}


def hints_of(form: type, *, strict: bool = True) -> dict[str, Any]:
    """Return the types of the fields of a `TypedDict`, a dataclass or a named tuple.

    Args:
        form: The class.
        strict: Whether to raise if text can't be resolved, or else leave it as it is.

    Raises:
        NameError: An annotation names a type that is not defined.
        TypeError: An annotation is not a type.
    """
    return _hints_of_dict(form, strict) if is_typeddict(form) else _hints_of_class(form, strict)


def _hints_of_dict(form: Any, strict: bool) -> dict[str, Any]:
    own = dict(annotations_of(form))
    hints = dict.fromkeys(own)
    for base in vars(form).get("__orig_bases__", ()):
        origin: Any = get_origin(base) or base
        if not is_typeddict(origin):
            continue
        arguments, theirs = arguments_of(base), annotations_of(origin)
        for name, hint in _hints_of_dict(origin, strict).items():
            if _is_same(own.get(name), theirs[name]):
                hints[name] = substituted(hint, arguments)
                del own[name]
    names = namespace_of(form)
    for name, hint in own.items():
        hints[name] = resolved(hint, _foreign(hint, form) or names, strict=strict)
    return hints


def _is_same(hint: Any, inherited: Any) -> bool:
    """Tell whether an annotation is inherited; Python 3.14 may evaluate it anew each time."""
    return hint is inherited or (sys.version_info >= (3, 14) and hint == inherited)


def _foreign(hint: Any, form: type) -> Namespace | None:
    """Return an empty namespace if text itself says that it is from another module than `form`."""
    module = getattr(hint, "__forward_module__", None)
    return Namespace({}, {}) if module not in {None, form.__module__} else None


def _hints_of_class(form: Any, strict: bool) -> dict[str, Any]:
    arguments = dict(_lineage(form, {}))
    is_needed = dict.fromkeys(getattr(form, "_fields", ()), True)
    if dataclasses.is_dataclass(form):
        is_needed = dict.fromkeys(form.__dataclass_fields__, False)  # a ClassVar is among them
        is_needed |= {field.name: True for field in dataclasses.fields(form)}
    hints: dict[str, Any] = {}
    for base in reversed(form.__mro__):
        names = namespace_of(base)
        for name, hint in annotations_of(base).items():
            if name in is_needed:
                found = resolved(hint, names, strict=strict and is_needed[name])
                hints[name] = substituted(found, arguments.get(base, {}))
    return hints


def _lineage(form: Any, arguments: Arguments) -> Iterator[tuple[Any, Arguments]]:
    """Yield a class and each of its bases, with the arguments for its type parameters."""
    yield form, arguments
    for base in vars(form).get("__orig_bases__", form.__bases__):
        origin = get_origin(base) or base
        if isinstance(origin, type):
            given = arguments_of(base).items()
            yield from _lineage(origin, {name: substituted(it, arguments) for name, it in given})


def openness_of(form: Any, *, strict: bool = True) -> dict[str, Any]:
    """Return what a `TypedDict` says about extra items.

    Args:
        form: The class.
        strict: Whether to raise if text can't be resolved, or else leave it as it is.

    Returns:
        `closed` or `extra_items`, as in `class Row(TypedDict, closed=True)` (PEP 728), its own
        or a base's; empty if none of them says anything.

    Raises:
        NameError: The annotation names a type that is not defined.
    """
    for base, arguments in _lineage(form, {}):
        extra = vars(base).get("__extra_items__", NoExtraItems)
        if extra is not NoExtraItems:
            found = resolved(extra, namespace_of(base), strict=strict)
            return {"extra_items": substituted(found, arguments)}
        if vars(base).get("__closed__") is not None:
            return {"closed": vars(base)["__closed__"]}
    return {}


def config_of(form: Any) -> dict[str, Any]:
    """Return the attribute with a `TypedDict`'s pydantic config, its own or a base's, if any."""
    for base, _ in _lineage(form, {}):
        if _CONFIG in vars(base):
            return {_CONFIG: vars(base)[_CONFIG]}
    return {}


def resolved(form: Any, names: Namespace, *, strict: bool = True) -> Any:
    """Return a type with the types that its text names in place of the text.

    Args:
        form: A type in any form that an annotation can have.
        names: What the names stand for.
        strict: Whether to raise if that fails, or else return `form` itself.

    Raises:
        NameError: It names a type that is not defined.
        TypeError: It is not a type.
    """
    holder = type("Holder", (), {"__annotations__": {"it": form}})
    try:
        names.check(form)
        return get_type_hints(holder, names.globals, names.locals, include_extras=True)["it"]
    except NameError:
        if strict:
            raise
    except Exception as error:
        if strict:
            raise TypeError(f"{text_of(form)} is not a type: {error}") from error
    return form


def arguments_of(form: Any) -> Arguments:
    """Return the parameters of a generic type, each with its argument in `form`."""
    return dict(zip(parameters_of(get_origin(form)), get_args(form), strict=False))


def parameters_of(form: Any) -> tuple[Any, ...]:
    """Return the type parameters of a generic class or alias."""
    found = getattr(form, "__type_params__", ()) or getattr(form, "__parameters__", ())
    return found if isinstance(found, tuple) else ()  # a class of types has a descriptor there


def substituted(hint: Any, arguments: Arguments) -> Any:
    """Return a type with type parameters replaced by their arguments."""
    if isinstance(hint, TypeVar):
        return arguments.get(hint, hint)
    parameters = () if isinstance(hint, type) and not get_args(hint) else parameters_of(hint)
    if not any(parameter in arguments for parameter in parameters):
        return hint
    return hint[tuple(arguments.get(parameter, parameter) for parameter in parameters)]


def text_of(form: Any) -> str:
    """Return the text of a type that was written as text, in quotes."""
    return repr(form.__forward_arg__ if isinstance(form, ForwardRef) else form)
