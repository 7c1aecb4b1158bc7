"""Commands that change keys: `set`, `delete` and `ttl`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from graflow.channels.typed import TypedChannel
from graflow.command.arguments import ChannelName, KeyName, SchemaPath, Url
from graflow.command.failures import BadArgument, NotThere, answering
from graflow.command.output.json_text import cell, value_of
from graflow.command.output.records import text_of, write
from graflow.command.places import opened
from graflow.command.schemas import schema_at, typed_value
from graflow.exceptions import ChannelKeyError

__all__ = ["delete", "set_", "ttl"]


@answering
def set_(
    url: Url,
    channel: ChannelName,
    key: KeyName,
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="JSON, or - to read it from standard input.")
    ],
    seconds: Annotated[
        float | None,
        typer.Option("--ttl", metavar="SECONDS", help="In how long it expires; else never."),
    ] = None,
    schema: SchemaPath = None,
) -> None:
    """Store a value under a key, whatever was there.

    Examples: graflow set sqlite:///shop.db orders open 3, or for a text: ... set URL orders name
    '"Ada"', or from a file: ... set URL orders order:7 - --as shop.types:Order <order.json
    """
    text = _read() if value == "-" else value
    plain = value_of(text)
    checked = None if schema is None else schema_at(schema, key)
    with opened(url, channel, writes=True) as changed:
        if checked is None:
            changed.set(key, plain, ttl=seconds)
        else:
            TypedChannel(changed, checked.form).set(key, typed_value(text, checked), ttl=seconds)


def _read() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise BadArgument(f"what standard input gives is no text: {error}") from error


@answering
def delete(
    url: Url,
    channel: ChannelName,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="The keys.")],
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove keys; on a terminal it asks first.

    Example: graflow delete redis://localhost:6379/0 orders order:7 order:8 --yes
    """
    with opened(url, channel, writes=True) as changed:
        if not is_sure:
            _ask(keys, f"channel {channel!r} at {changed.backend.address}")
        missing = []
        for key in keys:
            if changed.delete(key):
                write(cell(key))
            else:
                missing.append(key)
    if missing:
        raise NotThere(f"channel {channel!r} has no key {', '.join(map(repr, missing))}")


def _ask(keys: list[str], where: str) -> None:
    what = repr(keys[0]) if len(keys) == 1 else f"{len(keys)} keys"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise BadArgument(
            f"nothing was removed: to remove {what} from {where} without a question, pass --yes"
        )
    if not typer.confirm(f"Remove {what} from {where}?", err=True):
        raise NotThere("nothing was removed")


@answering
def ttl(
    url: Url,
    channel: ChannelName,
    key: KeyName,
    seconds: Annotated[
        str | None,
        typer.Argument(metavar="SECONDS|none", help="When it is to expire.", show_default=False),
    ] = None,
) -> None:
    """Show in how many seconds a key expires, or change it.

    Examples: graflow ttl URL orders order:7, or ... ttl URL orders order:7 3600, or ... none
    """
    lasts = None if seconds is None else _seconds(seconds)
    with opened(url, channel, writes=seconds is not None) as changed:
        if seconds is None:
            left = changed.ttl(key)
            write("none" if left is None else text_of(left))
            return
        found = changed.persist(key) if lasts is None else changed.touch(key, lasts)
    if not found:
        raise ChannelKeyError(f"channel {channel!r} has no key {key!r}")


def _seconds(text: str) -> float | None:
    if text == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise BadArgument(f"{text!r} is neither a number of seconds nor the word none") from None
