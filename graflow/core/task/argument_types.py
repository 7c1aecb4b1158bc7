"""Types of bound arguments: whether a value can be of the type that an annotation names.

This is what a type checker would say, as far as a value shows it, and not what a channel would: an
argument is handed to the function as it is, so nothing is converted, and what no channel can carry
is fine. Where there is doubt, a value fits.
"""

from __future__ import annotations

import sys
import typing
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from numbers import Complex, Integral, Real
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel
from typing_extensions import ReadOnly, Unpack, get_type_hints, is_protocol, is_typeddict

from graflow.channels.codec.stand_ins import is_stand_in
from graflow.channels.schema import ALIASES, without_alias

__all__ = ["Misfit", "misfit"]

_DEEPEST: Final = 20  # levels of a value, which may contain itself
_MOST_LOOKS: Final = 10_000  # at parts of a value: some ten milliseconds
_MARKS: Final = {Annotated, NotRequired, ReadOnly, Required}
_UNPACKED: Final = {typing.Unpack, Unpack}  # two of them on Python 3.11
_TYPING: Final = {"typing", "typing_extensions"}
_WIDENED: Final[dict[type, tuple[type, ...]]] = {
    int: (int, Integral),
    float: (float, Real),
    complex: (complex, Complex),
    bytes: (bytes, bytearray, memoryview),
}
"""What checkers take for a class besides its instances, and numbers like those of NumPy."""

_NUMPY_BOOLS: Final = {"bool", "bool_"}
_CONTAINERS: Final = (list, tuple, set, frozenset, deque, dict)
_BUILT_IN: Final = {"builtins", "collections", "collections.abc"}
"""The modules of those containers, and of types whose arguments are about what is in them."""

_LOOKING: Final = {"__contains__", "__getitem__", "__iter__", "items", "values"}
"""What is called to look into a container; one that has its own may fetch or count something."""


class Misfit(NamedTuple):
    """A value, or a part of one, that can't be of its type.

    Attributes:
        path: Where the part is in the value, as `[2]['age']`; empty for the value itself.
        wanted: The type that it should have.
        found: What is there instead.
    """

    path: str
    wanted: str
    found: str


def misfit(value: object, annotation: Any) -> Misfit | None:
    """Return what can't be of the annotated type; `None` if `value` fits, or nobody can tell.

    Built-in containers are looked into, though not at all of their items where they are many.

    Args:
        value: Any value; it does not change.
        annotation: A type, whose names were looked up.
    """
    try:
        return _Look().at(value, annotation, "")
    except Exception:  # noqa: BLE001 - `isinstance` and `==` may be anybody's code
        return None


class _Look:
    """A look at one value, which ends when it has taken long enough."""

    def __init__(self) -> None:
        self._left = _MOST_LOOKS
        self._depth = 0
        self._known: dict[Any, Mapping[str, Any]] = {}

    def at(self, value: object, annotation: Any, path: str) -> Misfit | None:
        """Return what is wrong with a part of the value."""
        self._left -= 1
        if type(value) is annotation:
            return None
        if self._left < 0 or self._depth > _DEEPEST or _stands_for_anything(value):
            return None
        self._depth += 1
        found = self._judged(value, _unwrapped(annotation), path)
        self._depth -= 1
        return found

    def _judged(self, value: object, annotation: Any, path: str) -> Misfit | None:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin in (Union, UnionType):
            return self._in_none(value, annotation, path)
        if origin is Literal:
            fits = any(isinstance(value, type(each)) and value == each for each in arguments)
        elif is_typeddict(origin or annotation):
            fits = isinstance(value, Mapping)
        elif (origin or annotation) is type:
            fits = isinstance(value, type) or get_origin(value) is not None
        else:
            fits = _is_instance(value, origin or annotation)
        if not fits:
            return _of_another_type(value, annotation, path)
        return next(filter(None, self._inside(value, origin or annotation, arguments, path)), None)

    def _in_none(self, value: object, union: Any, path: str) -> Misfit | None:
        """Return what is wrong with a value that is of no type of a union; `None` if it is."""
        inner = []
        for each in get_args(union):
            found = self.at(value, each, path)
            if found is None:
                return None
            if found.path != path:  # a part of it: the value itself is of that type
                inner.append(found)
        return inner[0] if len(inner) == 1 else _of_another_type(value, union, path)

    def _inside(
        self, value: Any, kind: Any, arguments: tuple[Any, ...], path: str
    ) -> Iterable[Misfit | None]:
        """Yield what is wrong with the parts of a container, if it is one to be looked into."""
        if not (_is_seen_through(value) and isinstance(kind, type)):
            return
        if is_typeddict(kind):
            yield from self._fields(value, kind, path)
        elif not arguments or kind.__module__ not in _BUILT_IN:
            return
        elif kind is tuple:
            yield from self._tuple(value, arguments, path)
        elif isinstance(value, dict) and issubclass(kind, Mapping) and len(arguments) == 2:
            for key, item in islice(value.items(), max(self._left, 0)):
                yield self.at(key, arguments[0], f"{path} key {key!r}")
                yield self.at(item, arguments[1], f"{path}[{key!r}]")
        elif issubclass(kind, Iterable) and len(arguments) == 1:
            for number, item in enumerate(islice(value, max(self._left, 0))):
                yield self.at(item, arguments[0], f"{path}[{number}]")

    def _fields(self, value: Any, kind: Any, path: str) -> Iterable[Misfit | None]:
        if kind not in self._known:
            self._known[kind] = get_type_hints(kind, include_extras=True)
        for name, annotation in self._known[kind].items():
            if name in value:
                yield self.at(value[name], annotation, f"{path}[{name!r}]")
            elif _is_needed(annotation, otherwise=name in kind.__required_keys__):
                yield Misfit(f"{path}[{name!r}]", "there", "missing")

    def _tuple(self, value: Any, arguments: tuple[Any, ...], path: str) -> Iterable[Misfit | None]:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            arguments = arguments[:1] * len(value)
        elif any(map(_is_unpacked, arguments)):
            return
        elif len(arguments) != len(value):
            wanted, found = (f"a tuple of {length}" for length in (len(arguments), len(value)))
            yield Misfit(path, wanted, found)
        for number, (item, annotation) in enumerate(zip(value, arguments, strict=False)):
            yield self.at(item, annotation, f"{path}[{number}]")


def _is_unpacked(annotation: Any) -> bool:
    return get_origin(annotation) in _UNPACKED or getattr(annotation, "__unpacked__", False)


def _is_needed(annotation: Any, *, otherwise: bool) -> bool:
    """Tell whether a field is required; its class doesn't know where annotations are text."""
    while (mark := get_origin(annotation)) in _MARKS:
        if mark in (NotRequired, Required):
            return mark is Required
        annotation = get_args(annotation)[0]
    return otherwise


def _is_seen_through(value: object) -> bool:
    """Tell whether a value is a container in which one can look without side effects."""
    return isinstance(value, _CONTAINERS) and not any(
        _LOOKING & vars(each).keys()
        for each in type(value).__mro__
        if each.__module__ not in _BUILT_IN
    )


def _unwrapped(annotation: Any) -> Any:
    """Return the type behind a new name for it, and without what is said about it besides."""
    while True:
        kind = get_origin(annotation) or annotation
        if kind in _MARKS:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif isinstance(kind, ALIASES):
            annotation = without_alias(annotation)
        else:
            return NoneType if annotation is None else annotation


def _stands_for_anything(value: object) -> bool:
    """Tell whether something isn't what it is taken for: a mock, or what is read when needed."""
    mock = sys.modules.get("unittest.mock")
    return (
        is_stand_in(value)
        or Any in type(value).__mro__
        or (mock is not None and isinstance(value, mock.NonCallableMock))
    )


def _is_instance(value: object, kind: Any) -> bool:
    """Tell whether a value may be an instance of a class; of anything else, every value may be."""
    if kind is Callable:
        return callable(value)
    if not isinstance(kind, type) or kind.__module__ in _TYPING or _is_for_pydantic(kind):
        return True  # a type variable, or `TextIO`, of which no file is an instance
    if is_protocol(kind) and (
        not getattr(kind, "_is_runtime_protocol", False) or hasattr(type(value), "__getattr__")
    ):
        return True
    if kind is bool and type(value).__module__ == "numpy":
        return type(value).__name__ in _NUMPY_BOOLS
    return isinstance(value, _WIDENED.get(kind, kind)) or _is_remade(type(value), kind)


def _is_for_pydantic(kind: type) -> bool:
    """Tell whether a class says to pydantic what its values are, as `EmailStr` does: text."""
    return hasattr(kind, "__get_pydantic_core_schema__") and not issubclass(kind, BaseModel)


def _is_remade(found: type, kind: type) -> bool:
    """Tell whether a class is another one made again, by a notebook or from a pickle."""
    name = kind.__module__, kind.__qualname__
    return any((each.__module__, each.__qualname__) == name for each in found.__mro__)


def _of_another_type(value: object, annotation: Any, path: str) -> Misfit:
    wanted, found = _shown(annotation), _shown(type(value))
    if wanted == found:
        wanted, found = (f"{each.__module__}.{found}" for each in (annotation, type(value)))
    return Misfit(path, wanted, found)


def _shown(annotation: Any) -> str:
    if annotation is NoneType:
        return "None"
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__qualname__
    return str(annotation).replace("typing.", "")
