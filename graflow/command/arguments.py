"""Arguments that commands have in common."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["AsJson", "ChannelName", "KeyName", "SchemaPath", "Url"]

Url = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="redis://, rediss://, unix://, sqlite:///path, or a directory of an embedded server.",
        show_default=False,
    ),
]
ChannelName = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="The channel's name.", show_default=False)
]
KeyName = Annotated[str, typer.Argument(metavar="KEY", help="A key.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, a line for each record.")]
SchemaPath = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="MODULE:NAME",
        help="Check the value: against a type, or as a key of a class of Keys.",
        show_default=False,
    ),
]
