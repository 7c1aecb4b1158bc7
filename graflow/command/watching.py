"""The command `watch`: changes of a channel, a line for each."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from graflow.channels.base import Channel
from graflow.channels.codec.tags import tag
from graflow.channels.watching.changes import KeyChange
from graflow.command.arguments import AsJson, ChannelName, Url
from graflow.command.failures import answering
from graflow.command.output.json_text import json_of, plain_json
from graflow.command.output.records import text_of, write
from graflow.command.places import opened

__all__ = ["watch"]


@answering
def watch(
    url: Url,
    channel: ChannelName,
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="The only key to watch.")
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="What the keys begin with.")] = None,
    with_values: Annotated[
        bool, typer.Option("--values", help="Show what the key holds as well.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show changes as they happen, until Ctrl-C: the time, what happened, and the key.

    What changes several times in a moment may be told once. With --values, the value is the one at
    the time of the line, which may be newer than the change.

    Example: graflow watch redis://localhost:6379/0 orders --prefix order: --values
    """
    with (
        opened(url, channel) as watched,
        watched.watch(key, prefix=prefix, start=False) as changes,
    ):
        for change in changes:
            write((_json if as_json else _line)(watched, change, with_values=with_values))
            sys.stdout.flush()


def _line(channel: Channel, change: KeyChange, *, with_values: bool) -> str:
    parts = [text_of(datetime.now(UTC)), change.kind, text_of(change.key)]
    if with_values:
        missing = object()
        value = channel.get(change.key, missing)
        parts.append("" if value is missing else json_of(value))
    return "\t".join(parts)


def _json(channel: Channel, change: KeyChange, *, with_values: bool) -> str:
    record: dict[str, Any] = {"time": text_of(datetime.now(UTC)), **change._asdict()}
    if with_values:
        record["value"] = tag(channel.get(change.key))
    return plain_json(record)
