"""The command `ui`: a page that shows channels and runs in a browser."""

from __future__ import annotations

import sys
import webbrowser
from contextlib import suppress
from typing import Annotated, Any

import typer

from graflow.command.arguments import Url
from graflow.command.failures import BadArgument, answering, note
from graflow.command.output.records import write
from graflow.command.places import place
from graflow.command.schemas import imported
from graflow.exceptions import SchemaError

__all__ = ["ui"]


@answering
def ui(
    url: Url,
    schema: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="MODULE:NAME",
            help="Say what keys are declared as, and which values don't fit: by a class of Keys, "
            "or a TypedDict.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(help="The address to listen at; any but the loopback lets other machines in."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port; 0 takes one that is free.")
    ] = 0,
    opens: Annotated[bool, typer.Option("--open", help="Open it in your browser.")] = False,
) -> None:
    """Serve a page with all channels there, their runs live, and their keys; Ctrl-C ends it.

    It prints the page's address, which has a token in it: whoever has the address can read all
    values. The page changes nothing.

    Example: graflow ui redis://localhost:6379/0 --as shop.keys:Shared
    """
    keys = None if schema is None else imported(schema)
    with place(url) as door, _page(door, keys, host, port) as page:
        write(page.url)
        sys.stdout.flush()  # whoever reads can begin
        if page.is_exposed:
            note("other machines can reach this page, and what is sent is not encrypted")
        if opens:
            webbrowser.open(page.url)
        with suppress(KeyboardInterrupt):
            page.wait()


def _page(door: Any, keys: Any, host: str, port: int) -> Any:
    from graflow.ui import serve  # noqa: PLC0415 - only this command needs it

    try:
        return serve(door, beside=True, keys=keys, host=host, port=port)
    except SchemaError as error:
        raise BadArgument(f"--as names no class of keys: {error}") from error
    except OSError as error:
        raise BadArgument(f"the page can't be at {host}:{port}: {error.strerror}") from error
