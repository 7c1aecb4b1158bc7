"""`Key`: a key of a channel, with the type of its values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, overload

from typing_extensions import TypeForm, TypeVar

from graflow.channels.arguments import MISSING, Missing, Seconds, check_text

__all__ = ["AnyKey", "Key", "ListKey", "ResultKey"]

T = TypeVar("T")
X = TypeVar("X")
C = TypeVar("C")
O_contra = TypeVar("O_contra", contravariant=True, default=Any)


class _Nothing:
    """A type that no key has, so that only `Key[Any]` fits a `Key[_Nothing]`."""


class Key(Generic[T, O_contra]):
    """A key of a channel, with the type of its values.

    It is declared in a class of `Keys`, which may give it a prefix:

        class Pipeline(Keys):
            logs = Key(list[str])
            user = Key(UserProfile, ttl=3600, doc="Who is logged in.")

    To a type checker `Pipeline.user` is a `Key[UserProfile, Pipeline]`, and `Pipeline.logs` a
    `ListKey[str, Pipeline]`, which is a `Key[list[str], Pipeline]`. A parameter annotated as
    `Key[UserProfile]` takes such a key of any class.

    Attributes:
        form: The type of the values.
        name: The key in the channel, with the prefix of its class.
        ttl: Seconds that a value lasts after each write that doesn't say otherwise; `None`: for
            ever.
        doc: What the key is for.
        owner: The class that it is declared in; `None` outside a class of `Keys`.
        pattern: The pattern that it was made from; empty if it is a key of its own.
    """

    def __init__(
        self,
        form: TypeForm[T],
        *,
        name: str | None = None,
        ttl: Seconds | None = None,
        doc: str = "",
    ) -> None:
        """Describe a key.

        Args:
            form: The type of the values, by the rules for the schema of a `TypedChannel`.
            name: The key in the channel, non-empty text; by default the name of the attribute.
            ttl: Seconds that a value lasts after each write that doesn't say otherwise, > 0.
                `None`: for ever.
            doc: What the key is for.
        """
        self.form = form
        self.name = "" if name is None else check_text(name, "key")
        self.ttl = ttl
        self.doc = doc
        self.owner: type[Any] | None = None
        self.pattern = ""
        self._attribute = ""
        self._fields: Mapping[str, str | int] = {}

    def belong(self, owner: type[Any], attribute: str, name: str) -> None:
        """Become the key of a class, under its whole name; `Keys` does it."""
        self.owner, self.name, self._attribute = owner, name, attribute

    def come_from(self, pattern: str, fields: Mapping[str, str | int]) -> None:
        """Note the pattern that it was made from, and the values; `KeyPattern` does it."""
        self.pattern, self._fields = pattern, fields

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same key of the same class."""
        if not isinstance(other, Key):
            return NotImplemented
        return self.owner is other.owner and self.name == other.name

    def __hash__(self) -> int:
        """Hash it by its name."""
        return hash(self.name)

    def __str__(self) -> str:
        """Return the key in the channel."""
        return self.name

    def __repr__(self) -> str:
        """Show where it is declared."""
        if self.owner is None:
            return f"<key {self.name or repr(self.form)}>"
        shown = ", ".join(f"{field}={value!r}" for field, value in self._fields.items())
        call = f"({shown})" if shown else ""
        return f"<key {self.owner.__name__}.{self._attribute}{call}>"

    @overload
    def __get__(self: Key[_Nothing, Any], instance: None, owner: type[C]) -> AnyKey[C]: ...
    @overload
    def __get__(self: Key[list[X], Any], instance: None, owner: type[C]) -> ListKey[X, C]: ...
    @overload
    def __get__(self, instance: None, owner: type[C]) -> Key[T, C]: ...
    def __get__(self, instance: None, owner: type[Any]) -> Any:
        """Return itself, which to a type checker is a key of the class."""
        return self

    if TYPE_CHECKING:
        # What operations take beside the key, for type checkers alone: they infer the type of a
        # value from the key first, so that `[{"name": "Ada"}]` is known to be a `list[User]`.
        # See `graflow.channels.keys.operands`.

        def _get(self, owner: type[O_contra], /) -> T: ...

        def _set(
            self,
            owner: type[O_contra],
            /,
            value: T,
            ttl: Seconds | None = None,
            *,
            if_etag: str | Missing = MISSING,
        ) -> None: ...

        def _add(self, owner: type[O_contra], /, value: T, ttl: Seconds | None = None) -> None: ...

        def _update(
            self, owner: type[O_contra], /, fn: Callable[[T], T], default: T | Missing = MISSING
        ) -> T: ...

        def _update_on_loop(
            self,
            owner: type[O_contra],
            /,
            fn: Callable[[T], T | Awaitable[T]],
            default: T | Missing = MISSING,
        ) -> T: ...


class ListKey(Key[list[X], O_contra]):
    """A key whose values are lists of `X`, to a type checker."""

    if TYPE_CHECKING:

        def _append(
            self, owner: type[O_contra], /, value: X, ttl: Seconds | None = None
        ) -> None: ...


class AnyKey(Key[Any, O_contra]):
    """A key whose values are anything, to a type checker."""

    if TYPE_CHECKING:

        def _append(
            self, owner: type[O_contra], /, value: Any, ttl: Seconds | None = None
        ) -> None: ...


class ResultKey(Key[T, Any]):
    """The key of what a task returned, which every class of keys has: it is only read."""
