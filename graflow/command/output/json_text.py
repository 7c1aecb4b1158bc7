r"""Texts and values as JSON that a terminal shows as it is, and the same read back.

A value is written as graflow stores it: what JSON lacks is an object with a `$`, such as
`{"$datetime": "2026-01-02T00:00:00"}`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json

from graflow.channels.codec.codec import decode
from graflow.channels.codec.tags import tag
from graflow.command.failures import BadArgument
from graflow.exceptions import ChannelDataError

__all__ = ["cell", "json_of", "plain_json", "value_of"]


def cell(text: str) -> str:
    """Return a text as a part of a line; as JSON, unless it can be seen as it is."""
    is_plain = text.isprintable() and text != "" and text[0] != '"'
    return text if is_plain else plain_json(text)


def plain_json(data: Any) -> str:
    """Return JSON data in one line, in which only what can be printed stands as it is."""
    text = json.dumps(data, ensure_ascii=False, separators=(", ", ": "))
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def json_of(value: object) -> str:
    """Return what a channel holds in one line of JSON."""
    return plain_json(tag(value))


def value_of(text: str) -> Any:
    """Return the value that JSON stands for.

    Raises:
        BadArgument: It is no JSON.
    """
    try:
        from_json(text.encode(errors="surrogateescape"))
    except ValueError as error:
        raise BadArgument(_advice(text, error)) from None
    try:
        return decode(text.encode(errors="surrogateescape"))
    except ChannelDataError as error:
        raise BadArgument(
            f"an object with one name that begins with $ stands for what JSON lacks, and this one "
            f"can't be read: {error.__cause__!r}. A dict with such a name is written as "
            '{"$dict": [["$name", 1]]}'
        ) from None


def _advice(text: str, error: ValueError) -> str:
    text = text.rstrip("\n")
    if len(text) > 60 or "'" in text or "\n" in text:
        return f"the value is not JSON: {error}; text is written in quotation marks, '\"text\"'"
    return (
        f"{text!r} is not JSON: {error}; if it is text, it needs quotation marks, and the shell "
        f"needs some around them: '{plain_json(text)}'"
    )
