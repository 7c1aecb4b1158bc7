"""Commands that look into channels: `channels`, `keys`, `get` and `stats`."""

from __future__ import annotations

from typing import Annotated

import typer

from graflow.channels.typed import TypedChannel
from graflow.command.arguments import AsJson, ChannelName, KeyName, SchemaPath, Url
from graflow.command.failures import NotThere, answering
from graflow.command.measures import Measures, measured
from graflow.command.output.records import (
    on_terminal,
    show_lines,
    show_records,
    show_value,
    text_of,
    write,
)
from graflow.command.places import opened, place
from graflow.command.schemas import schema_at
from graflow.exceptions import ChannelKeyError

__all__ = ["channels", "get", "keys", "stats"]


@answering
def channels(url: Url, as_json: AsJson = False) -> None:
    """List the channels that hold something.

    Example: graflow channels redis://localhost:6379/0
    """
    with place(url) as any_of_them:
        names = any_of_them.names_beside()
        found = sorted(names) if on_terminal() else names
        if not show_lines(found, as_json=as_json):
            raise NotThere(f"there are no channels at {any_of_them.backend.address}")


@answering
def keys(
    url: Url,
    channel: ChannelName,
    prefix: Annotated[str, typer.Option(help="What the keys begin with.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the keys of a channel, as they are found.

    Example: graflow keys sqlite:///shop.db orders --prefix order:
    """
    with opened(url, channel) as looked_into:
        if not show_lines(looked_into.iter_keys(prefix), as_json=as_json):
            which = f" that begin with {prefix!r}" if prefix else ""
            raise NotThere(f"channel {channel!r} has no keys{which}")


@answering
def get(
    url: Url,
    channel: ChannelName,
    key: KeyName,
    as_json: AsJson = False,
    schema: SchemaPath = None,
) -> None:
    """Show the value of a key, as JSON.

    What JSON lacks is an object with a $, such as {"$datetime": "2026-01-02T00:00:00"}.

    Example: graflow get sqlite:///shop.db orders order:7 --as shop.types:Order
    """
    checked = None if schema is None else schema_at(schema, key)
    with opened(url, channel) as looked_into:
        if checked is not None:
            TypedChannel(looked_into, checked.form).get(key)  # raises if it does not fit
        missing = object()
        value = looked_into.get(key, missing)
        if value is missing:
            raise ChannelKeyError(f"channel {channel!r} has no key {key!r}")
        show_value(value, as_json=as_json)


@answering
def stats(url: Url, channel: ChannelName, as_json: AsJson = False) -> None:
    """Count the keys of a channel, and measure what they hold.

    Sizes are those of the stored text, and of long lists an estimate. All keys are gone through,
    a thousand at a time.

    Example: graflow stats redis://localhost:6379/0 orders --json
    """
    with opened(url, channel) as looked_into:
        found = measured(looked_into)
    if not (found.keys or found.runs):
        raise NotThere(f"channel {channel!r} has no keys")
    if as_json:
        show_records(list(vars(found)), [vars(found)], as_json=True)
        return
    if on_terminal():
        show_records(["what", "value", "key"], _rows(found))
        return
    for row in _rows(found):
        write("\t".join(text_of(part) for part in row.values() if part is not None))


def _rows(found: Measures) -> list[dict[str, object]]:
    counted = {name: number for name, number in vars(found).items() if name != "largest"}
    rows: list[dict[str, object]] = [
        {"what": name, "value": number, "key": None} for name, number in counted.items()
    ]
    rows += [{"what": "largest", "value": size, "key": key} for key, size in found.largest]
    return rows
