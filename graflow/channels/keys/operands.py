"""Operands: what operations take beside a key or return, which a type checker infers from the key.

With `set(key: Key[T], value: T)` a checker would look at both arguments to find `T`, and take
`{"name": "Ada"}` for a dict before it knows that a `User` is wanted. So `set` takes a key that is
`Settable`, and then whatever that key's `_set` takes.

With `get(key: Key[T]) -> T` mypy would look at what the value is used for, and want a key of that
very type: in `sum(ch.get(key))` one of an `Iterable[bool]`. So `get` takes a key that is
`Readable`, and what is read from it may pass for something of a wider type.
"""

from __future__ import annotations

from typing import Any, ParamSpec, Protocol

from typing_extensions import TypeVar

__all__ = ["Addable", "Appendable", "Readable", "Settable", "Updatable", "UpdatableOnLoop"]

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)
O_contra = TypeVar("O_contra", contravariant=True, default=Any)


class Readable(Protocol[T_co, O_contra]):
    """A key with what `get` returns."""

    def _get(self, owner: type[O_contra], /) -> T_co: ...


class Settable(Protocol[P, O_contra]):
    """A key with what `set` takes."""

    def _set(self, owner: type[O_contra], /, *args: P.args, **kwargs: P.kwargs) -> None: ...


class Addable(Protocol[P, O_contra]):
    """A key with what `add` takes."""

    def _add(self, owner: type[O_contra], /, *args: P.args, **kwargs: P.kwargs) -> None: ...


class Appendable(Protocol[P, O_contra]):
    """A key with what `append` and `prepend` take."""

    def _append(self, owner: type[O_contra], /, *args: P.args, **kwargs: P.kwargs) -> None: ...


class Updatable(Protocol[P, T_co, O_contra]):
    """A key with what `update` takes."""

    def _update(self, owner: type[O_contra], /, *args: P.args, **kwargs: P.kwargs) -> T_co: ...


class UpdatableOnLoop(Protocol[P, T_co, O_contra]):
    """A key with what `update` takes on an event loop."""

    def _update_on_loop(
        self, owner: type[O_contra], /, *args: P.args, **kwargs: P.kwargs
    ) -> T_co: ...
