"""Namespaces of annotations: what a name in their text stands for.

A name is resolved where it was written, wherever the class is used. That is the module of the class
and, if it was made in a function, the variables of that very call, as far as they still exist.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Set
from types import CodeType, FrameType
from typing import Any, NamedTuple

from graflow.system.annotations import annotations_of, names_in

__all__ = ["Namespace", "namespace_of", "namespace_of_caller", "variables_around"]

_INSIDE = ".<locals>."


class Namespace(NamedTuple):
    """What names stand for.

    Attributes:
        globals: The variables of a module.
        locals: Variables that hide those of the module.
        gone: The names of variables of functions that are over. A global of such a name is not
            what was meant.
    """

    globals: dict[str, Any]
    locals: dict[str, Any]
    gone: Set[str] = frozenset()

    def check(self, form: Any) -> None:
        """Check that all that the text in a type names is still known.

        Raises:
            NameError: It is not.
        """
        for name in sorted(self.gone and self.gone & names_in(form)):
            raise NameError(
                f"name {name!r} is not defined: it was a variable of a function that is over"
            )


def namespace_of(form: Any) -> Namespace:
    """Return the namespace of the annotations of a class, or of the value of an alias."""
    module = _module_of(form)
    name = getattr(form, "__name__", "")
    names = variables_around(form)
    is_nested = "." in _path_in_function(form)
    if name not in module or not is_nested:
        names[name] = form
    names.update({each.__name__: each for each in getattr(form, "__type_params__", ())})
    if isinstance(form, type):
        fields = annotations_of(form)
        names.update(
            (key, found)
            for key, found in vars(form).copy().items()  # threads may be making schemas of it
            if key not in fields and not hasattr(type(found), "__get__")  # not a method
        )
    gone = _variables_in_code(form) - names.keys()
    return Namespace(module, names, gone)


def namespace_of_caller() -> Namespace:
    """Return the namespace of the code that called graflow."""
    frame = sys._getframe(1)
    while frame.f_back and _name_of_module(frame).partition(".")[0] == "graflow":
        frame = frame.f_back
    return Namespace(frame.f_globals, dict(frame.f_locals))


def variables_around(form: Any) -> dict[str, Any]:
    """Return the variables of the functions in which a class, a function or an alias was made.

    They are found in the frames of this thread: those of these very functions, or of functions
    inside them that share their variables.
    """
    owners = _functions_around(form)
    if not owners:
        return _variables_beside(form)
    names: dict[str, Any] = {}
    for owner in owners:
        names |= _variables_of(owner, form.__module__, form if owner == owners[-1] else None)
    return names


def _functions_around(form: Any) -> list[str]:
    """Return the qualified names of the functions in which a class was made, outermost first."""
    names = getattr(form, "__qualname__", "").split(_INSIDE)
    return [_INSIDE.join(names[:count]) for count in range(1, len(names))]


def _variables_of(owner: str, module: str, form: Any) -> dict[str, Any]:
    """Return the variables of a function, in the call that made `form` if that is known."""
    shared: dict[str, Any] = {}
    nearest: dict[str, Any] | None = None
    for frame in _frames_of(module):
        name = frame.f_code.co_qualname
        if name != owner and not name.startswith(owner + _INSIDE):
            continue
        variables = dict(frame.f_locals)
        found = None if form is None else _found_in(variables, _path_in_function(form))
        if name == owner and found is form is not None:
            return variables
        if (
            isinstance(found, type)
            and found.__qualname__ == form.__qualname__
            and found is not form
        ):
            continue  # another call made one of the same name
        if name != owner:
            free = {name: variables[name] for name in frame.f_code.co_freevars if name in variables}
            shared = free | shared
        elif nearest is None:
            nearest = variables
    return shared if nearest is None else nearest


def _variables_in_code(form: Any) -> set[str]:
    """Return the names of all variables of the functions around a class, if they can be found."""
    owners = _functions_around(form)
    outermost = _found_in(_module_of(form), owners[0]) if owners else None
    code = getattr(inspect.unwrap(outermost) if callable(outermost) else None, "__code__", None)
    names: set[str] = set()
    for inner in (*owners[1:], None):
        if not isinstance(code, CodeType):
            break
        names.update(code.co_varnames, code.co_cellvars)
        codes = (each for each in code.co_consts if isinstance(each, CodeType))
        code = next((each for each in codes if each.co_qualname == inner), None)
    return names


def _variables_beside(form: Any) -> dict[str, Any]:
    """Return the variables of the function that has `form`, if its name doesn't say which.

    An alias has such a name, and so has `TypedDict("Row", {...})`.
    """
    name = getattr(form, "__name__", "")
    if _module_of(form).get(name) is form or "." in _path_in_function(form):
        return {}
    for frame in _frames_of(form.__module__):
        variables = frame.f_locals
        if variables is not frame.f_globals and variables.get(name) is form:
            return dict(variables)
    return {}


def _frames_of(module: str) -> Iterator[FrameType]:
    """Yield the frames of a module's functions that are running, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _name_of_module(frame) == module:
            yield frame
        frame = frame.f_back


def _name_of_module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


def _module_of(form: Any) -> dict[str, Any]:
    module = sys.modules.get(getattr(form, "__module__", None) or "")
    return {} if module is None else vars(module)


def _path_in_function(form: Any) -> str:
    return str(getattr(form, "__qualname__", "")).rpartition(_INSIDE)[2]


def _found_in(variables: dict[str, Any], path: str) -> Any:
    """Return what variables have at a dotted path, or `None`."""
    first, *others = path.split(".")
    found = variables.get(first)
    for name in others:
        found = getattr(found, name, None)
    return found
