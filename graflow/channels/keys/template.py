"""Templates of keys: text with fields, which becomes a key that can be read back.

Values are quoted as in a URL (`urllib.parse.quote` with nothing safe): what is not a letter of
ASCII, a digit or one of `_.-~` becomes `%XX`. So the text between two fields tells them apart if it
has any other character in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from urllib.parse import quote, unquote

from graflow.channels.codec.reprs import short_repr
from graflow.exceptions import ChannelTypeError, ChannelValueError, SchemaError

__all__ = ["Template", "overlap"]

_QUOTED = r"[A-Za-z0-9_.~%-]"
_IS_QUOTED = re.compile(_QUOTED).fullmatch


class Template:
    """A text with fields, such as `user:{id}`.

    Attributes:
        text: The text.
        fields: The names of the fields, in their order.
        shape: The characters of the text, with a `None` for each field; see `overlap`.
    """

    def __init__(self, text: str) -> None:
        """Read the text; `{{` and `}}` stand for braces.

        Raises:
            SchemaError: It has no fields, or two values of them could become the same key.
        """
        if not isinstance(text, str):
            raise SchemaError(f"a key pattern must be a str, not {type(text).__name__}")
        self.text = text
        self._parts = list(_parts(text))
        self.fields = tuple(field for _, field in self._parts if field)
        if not self.fields:
            raise SchemaError(f"the key pattern {text!r} has no field, as {{id}} is one; use Key")
        if len({*self.fields}) < len(self.fields):
            raise SchemaError(f"the key pattern {text!r} has a field twice")
        for between, field in self._parts[1:]:
            if field and all(map(_IS_QUOTED, between)):
                raise SchemaError(
                    f"the key pattern {text!r} could make the same key of different values: "
                    "between two fields there must be a character such as ':' or '/'"
                )
        self.shape: list[str | None] = []
        for literal, field in self._parts:
            self.shape += [*literal, None] if field else literal
        self._reads = re.compile(
            "".join(
                re.escape(literal) + (f"(?P<{field}>{_QUOTED}+)" if field else "")
                for literal, field in self._parts
            )
        )

    def filled(self, values: Mapping[str, str | int]) -> str:
        """Return the key for the values of all fields.

        Raises:
            ChannelValueError: A field has no value, or an empty one, or there is no such field.
            ChannelTypeError: A value is neither text nor an int.
        """
        if values.keys() != {*self.fields}:
            raise ChannelValueError(
                f"the key pattern {self.text!r} takes the fields {', '.join(self.fields)}, not "
                f"{', '.join(values) or 'none'}"
            )
        return "".join(
            literal + (self._quoted(field, values[field]) if field else "")
            for literal, field in self._parts
        )

    def _quoted(self, field: str, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ChannelTypeError(
                f"the field {field!r} of the key pattern {self.text!r} takes a str or an int, not "
                f"{type(value).__name__}"
            )
        try:
            quoted = quote(str.__str__(value) if isinstance(value, str) else format(value, "d"), "")
        except UnicodeEncodeError:
            quoted = ""
        if not quoted:
            raise ChannelValueError(
                f"the field {field!r} of the key pattern {self.text!r} can't be "
                f"{short_repr(value)}: it must be non-empty text that UTF-8 can encode"
            )
        return quoted

    def read(self, key: str) -> dict[str, str] | None:
        """Return the values that a key was made of, as text; `None` if it was made otherwise."""
        match = self._reads.fullmatch(key)
        if match is None:
            return None
        quoted = match.groupdict()
        if "%" not in key:
            return quoted
        values = {field: unquote(text) for field, text in quoted.items()}
        # `%zz` and `%41` are in no key, as nobody quotes a character so.
        return values if self._makes(values, key) else None

    def _makes(self, values: Mapping[str, str], key: str) -> bool:
        try:
            return self.filled(values) == key
        except ChannelValueError:
            return False


def _parts(text: str) -> list[tuple[str, str]]:
    """Return pieces of text, each with the field after it; empty at the end."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise SchemaError(f"the key pattern {text!r} can't be read: {error}") from error
    parts: list[tuple[str, str]] = []
    literal = ""
    for piece, field, form, conversion in parsed:
        literal += piece
        if field is None:
            continue
        if not field.isidentifier() or form or conversion:
            raise SchemaError(
                f"the key pattern {text!r} has a field {field!r} that is not a name alone"
            )
        parts.append((literal, field))
        literal = ""
    return [*parts, (literal, "")] if literal else parts


def overlap(one: list[str | None], other: list[str | None]) -> bool:
    """Tell whether a key can have both shapes; a `None` stands for any quoted value."""
    seen: set[tuple[int, int]] = set()
    steps = [(0, 0)]
    while steps:
        at = i, j = steps.pop()
        if at in seen:
            continue
        seen.add(at)
        if i == len(one) or j == len(other):
            if i == len(one) and j == len(other):
                return True
            continue
        if _fits(one[i], other[j]):
            # A value may go on after this character, or end with it.
            steps.append((i + 1, j + 1))
            steps += [(i, j + 1)] * (one[i] is None) + [(i + 1, j)] * (other[j] is None)
    return False


def _fits(one: str | None, other: str | None) -> bool:
    """Tell whether a character can be both."""
    if one is None or other is None:
        return (one or other) is None or bool(_IS_QUOTED(one or other or ""))
    return one == other
