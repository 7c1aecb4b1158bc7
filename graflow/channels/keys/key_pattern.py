"""`KeyPattern`: keys that are made of values, such as one for each user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, overload

from typing_extensions import TypeForm, TypeVar, override

from graflow.channels.arguments import Seconds
from graflow.channels.keys.key import Key, ListKey
from graflow.channels.keys.template import Template

__all__ = ["KeyPattern", "ListKeyPattern"]

T = TypeVar("T")
X = TypeVar("X")
C = TypeVar("C")
O_contra = TypeVar("O_contra", contravariant=True, default=Any)


class KeyPattern(Generic[T, O_contra]):
    """Keys that are made of values, all with the same type of values under them.

        class Pipeline(Keys):
            by_id = KeyPattern("user:{id}", UserProfile)

    `Pipeline.by_id(id=7)` is the `Key[UserProfile]` with the name `user:7`. A value is text or an
    int, and 7 is the same as "7". It is quoted as in a URL: what is not a letter of ASCII, a digit
    or one of `_.-~` becomes `%XX`, so that no two ids make the same key.

    Attributes:
        form: The type of what is under the keys.
        template: The text with the fields, and with the prefix of the class.
        ttl: Seconds that a value lasts after each write that doesn't say otherwise; `None`: for
            ever.
        doc: What the keys are for.
        owner: The class that it is declared in; `None` outside a class of `Keys`.
    """

    def __init__(
        self, pattern: str, form: TypeForm[T], *, ttl: Seconds | None = None, doc: str = ""
    ) -> None:
        """Describe keys.

        Args:
            pattern: Text with fields, as in `user:{id}`; `{{` and `}}` stand for braces. Between
                two fields there must be a character that is quoted in values, such as `:`.
            form: The type of the values, by the rules for the schema of a `TypedChannel`.
            ttl: Seconds that a value lasts after each write that doesn't say otherwise, > 0.
                `None`: for ever.
            doc: What the keys are for.

        Raises:
            SchemaError: The pattern has no field, or different values could make the same key.
        """
        self.form = form
        self.template = Template(pattern)
        self.ttl = ttl
        self.doc = doc
        self.owner: type[Any] | None = None
        self._attribute = ""

    @property
    def name(self) -> str:
        """The pattern with the prefix of its class, as in `user:{id}`."""
        return self.template.text

    def belong(self, owner: type[Any], attribute: str, name: str) -> None:
        """Become the pattern of a class, under its whole name; `Keys` does it."""
        self.owner, self._attribute, self.template = owner, attribute, Template(name)

    def __repr__(self) -> str:
        """Show where it is declared."""
        label = f"{self.owner.__name__}.{self._attribute}" if self.owner else repr(self.name)
        return f"<key pattern {label}>"

    def __call__(self, /, **fields: str | int) -> Key[T, O_contra]:
        """Return the key for the values of all fields.

        Raises:
            ChannelValueError: A field has no value, or an empty one, or there is no such field.
            ChannelTypeError: A value is neither text nor an int.
        """
        return self._made(self.template.filled(fields), fields)

    def _made(self, name: str, fields: Mapping[str, str | int]) -> Key[T, O_contra]:
        key: Key[T, O_contra] = Key(self.form, name=name, ttl=self.ttl, doc=self.doc)
        if self.owner is not None:
            key.belong(self.owner, self._attribute, name)
            key.come_from(self.name, fields)
        return key

    def match(self, key: str) -> dict[str, str] | None:
        """Return the values that a key in the channel was made of, as text.

        Args:
            key: The key, for example of a `KeyChange`.

        Returns:
            The values by field; `None` if the key is not one of the pattern's.
        """
        return self.template.read(key)

    def key(self, name: str) -> Key[T, O_contra] | None:
        """Return the key that has a name in the channel; `None` if it is not the pattern's."""
        fields = self.match(name)
        return None if fields is None else self._made(name, fields)

    @overload
    def __get__(
        self: KeyPattern[list[X], Any], instance: None, owner: type[C]
    ) -> ListKeyPattern[X, C]: ...
    @overload
    def __get__(self, instance: None, owner: type[C]) -> KeyPattern[T, C]: ...
    def __get__(self, instance: None, owner: type[Any]) -> Any:
        """Return itself, which to a type checker is a pattern of the class."""
        return self


class ListKeyPattern(KeyPattern[list[X], O_contra]):
    """A pattern of keys whose values are lists of `X`, to a type checker."""

    @override
    def __call__(self, /, **fields: str | int) -> ListKey[X, O_contra]:
        """Return the key for the values of all fields; see `KeyPattern`."""
        raise NotImplementedError  # at run time it is a `KeyPattern`
