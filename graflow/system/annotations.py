"""Annotations as they were written, although Python 3.14 evaluates them no sooner than asked.

There, `__annotations__` is not among the attributes of a class, and to ask for it raises if one of
them names what is not defined yet. Here such names are left as `ForwardRef`s.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, ForwardRef, get_args

__all__ = ["annotations_of", "names_in", "signature_of"]

if sys.version_info >= (3, 14):
    import annotationlib

    _UNRESOLVED = annotationlib.Format.FORWARDREF

    def annotations_of(owner: Any) -> dict[str, Any]:
        """Return the annotations of a class, without those of its bases, or of a function."""
        try:
            return annotationlib.get_annotations(owner, format=_UNRESOLVED)
        except TypeError:  # of an object that can have none
            return {}

    def signature_of(function: Callable[..., Any]) -> inspect.Signature:
        """Return the signature of a function; raises as `inspect.signature` does."""
        return inspect.signature(function, annotation_format=_UNRESOLVED)

else:

    def annotations_of(owner: Any) -> dict[str, Any]:
        """Return the annotations of a class, without those of its bases, or of a function."""
        has = vars(owner).get if isinstance(owner, type) else lambda *name: getattr(owner, *name)
        found: dict[str, Any] = has("__annotations__", {})
        return found

    def signature_of(function: Callable[..., Any]) -> inspect.Signature:
        """Return the signature of a function; raises as `inspect.signature` does."""
        return inspect.signature(function)


def names_in(annotation: object) -> set[str]:
    """Return the names that the strings in an annotation use."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        try:
            return set(compile(annotation, "<annotation>", "eval").co_names)
        except SyntaxError:
            return set()
    return set().union(*map(names_in, get_args(annotation)))
