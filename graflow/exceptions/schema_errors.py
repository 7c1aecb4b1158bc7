"""Errors of schemas: types that can"t be one, and values that don"t fit."""

from __future__ import annotations

from dataclasses import dataclass

from graflow.exceptions.channel_errors import ChannelError

__all__ = ["ChannelValidationError", "FieldError", "SchemaError"]


class SchemaError(ChannelError, TypeError):
    """A type can't be the schema of a typed channel; the message gives the field's path."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that does not fit its schema.

    Attributes:
        path: The path of the field, as in `address.lines[2]`; empty for the value itself.
        message: What the schema expects.
        found: A short `repr` of what was found.
    """

    path: str
    message: str
    found: str

    def __str__(self) -> str:
        """Show the path, what was expected and what was found, on one line."""
        return f"{self.path or '(the value itself)'}: {self.message}, found {self.found}"


class ChannelValidationError(ChannelError, ValueError):
    """A value does not fit the schema of a typed channel, on its way in or out.

    Attributes:
        schema: The schema's name.
        errors: Every field that does not fit, in the order of the schema.
    """

    schema: str
    errors: tuple[FieldError, ...]

    def __init__(
        self,
        message: str = "",
        *,
        channel: str | None = None,
        key: str | None = None,
        schema: str = "",
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(message, channel=channel, key=key)
        self.schema = schema
        self.errors = errors
