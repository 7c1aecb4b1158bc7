"""Command line: the commands of `graflow` put together; `graflow.__main__` starts it."""

from __future__ import annotations

import inspect
import io
import os
import sys
from collections.abc import Callable
from typing import Annotated, Final

import typer

from graflow.command import (
    changing,
    checking,
    doctor,
    looking,
    runs,
    showing,
    watching,
    workflows,
)

__all__ = ["app", "start"]

_CHANNELS: Final = "Channels"
_RUNS: Final = "Runs and workflows"
_PLACES: Final = "Servers and this machine"
_HELP: Final = """
Look into channels and runs, and change keys.

URL is redis://host:port/db, rediss://... (TLS), unix://path, sqlite:///path (sqlite:////path
from the root), or a directory of an embedded server. A password is best given in the variable
GRAFLOW_PASSWORD, since other users see arguments. Nothing is changed but by set, delete, and
ttl with a time.

Where output is no terminal, each line is a record, with tabs between its parts; a text that has
tabs, newlines or the like in it is written as JSON.

Exits with 0; with 1 if what was asked for is not there, or not as it should be; with 2 if nothing
could be tried; and with 130 after Ctrl-C.
"""


def _flowing(text: str | None) -> str:
    """Return a text whose paragraphs are one line each; typer keeps the breaks in them."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


app = typer.Typer(
    name="graflow",
    help=_flowing(_HELP),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_version = ""


def start(version: str) -> None:
    """Run the command with the arguments of this process.

    Args:
        version: That of graflow.
    """
    global _version  # noqa: PLW0603
    _version = version
    _open_missing()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what it can't write stays Python code
    app(prog_name="graflow")


def _open_missing() -> None:
    """Let streams that whoever started this has closed lead nowhere; in order, as files count."""
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115, PTH123
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115, PTH123


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"graflow {_version}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version, and exit."
        ),
    ] = False,
) -> None:
    pass


_main.__doc__ = _flowing(_HELP)

_COMMANDS: Final[dict[Callable[..., None], str]] = {
    looking.channels: _CHANNELS,
    looking.keys: _CHANNELS,
    looking.get: _CHANNELS,
    changing.set_: _CHANNELS,
    changing.delete: _CHANNELS,
    changing.ttl: _CHANNELS,
    watching.watch: _CHANNELS,
    looking.stats: _CHANNELS,
    runs.runs: _RUNS,
    runs.show: _RUNS,
    workflows.graph: _RUNS,
    showing.ui: _RUNS,
    checking.check: _PLACES,
    doctor.doctor: _PLACES,
}

for _function, _panel in _COMMANDS.items():
    app.command(
        _function.__name__.rstrip("_"),
        help=_flowing(_function.__doc__),
        rich_help_panel=_panel,
        context_settings={"ignore_unknown_options": _function is changing.set_},  # such as -5
    )(_function)
