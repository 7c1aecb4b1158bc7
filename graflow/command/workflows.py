"""The command `graph`: the tasks of a workflow and their order."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from inspect import isfunction
from pathlib import Path
from typing import Annotated, Any

import typer

from graflow.command.failures import BadArgument, answering
from graflow.command.output.records import write
from graflow.command.schemas import imported, said_by

__all__ = ["graph"]


@answering
def graph(
    workflow: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:WORKFLOW",
            help="A workflow, or a function that returns one, by the path of its import.",
            show_default=False,
        ),
    ],
    svg: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw it into a file, or - for standard output."),
    ] = None,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Write it for Mermaid.")] = False,
) -> None:
    """Show the tasks of a workflow, stage by stage, or draw them.

    Modules are also looked for in the current directory. Importing one runs it.

    Example: graflow graph shop.orders:wf --svg orders.svg
    """
    found = _graph_at(workflow)
    if svg is not None:
        _save(svg, found.to_svg())
    if mermaid:
        write(found.to_mermaid().rstrip("\n"))
    elif svg is None:
        write(str(found))


def _graph_at(path: str) -> Any:
    from graflow.core.workflow import Workflow  # noqa: PLC0415 - only this command needs it

    found = imported(path)
    if isfunction(found):
        try:
            with redirect_stdout(sys.stderr):
                found = found()
        except Exception as error:
            raise BadArgument(f"{path}() raised {said_by(error)}") from error
    if not isinstance(found, Workflow):
        raise BadArgument(f"{path} is a {type(found).__name__}, not a workflow")
    return found.graph()


def _save(path: str, picture: str) -> None:
    if path == "-":
        sys.stdout.write(picture)
        return
    try:
        Path(path).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise BadArgument(f"{path} can't be written: {error.strerror}") from error
