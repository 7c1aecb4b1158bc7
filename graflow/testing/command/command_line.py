"""The command that checks a backend against the contract; `__main__` starts it."""

from __future__ import annotations

import io
import random
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from graflow.testing.budget import Budget
from graflow.testing.checks import CHECKS
from graflow.testing.command.display import FindingsDisplay
from graflow.testing.command.targets import BadTarget, CleanUpFailed, Target, target_of
from graflow.testing.harness import Harness
from graflow.testing.report import Result, report
from graflow.testing.runner import StoreGoneError, run

__all__ = ["start"]

_BROKEN = 1
_UNUSABLE = 2  # nothing, or not everything, could be tried
_INTERRUPTED = 130  # as shells have it
_USUAL = 100  # examples
_QUICK = 20


def start() -> None:
    """Run the command with the arguments of this process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what it can't write stays Python code
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(_main)
    app(prog_name="python -m graflow.testing")


def _main(
    target: Annotated[str, typer.Argument(help="redis://host:port/db, or module:factory")],
    examples: Annotated[
        int | None,
        typer.Option(min=1, help=f"How often to try each property.  [default: {_USUAL}]"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"Try all checks, with {_QUICK} examples, in threads.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Try the same examples again.")] = None,
    beside_others: Annotated[
        bool,
        typer.Option("--beside-others", help="Use a database even if it has keys of graflow."),
    ] = False,
    remove_leftovers: Annotated[
        bool,
        typer.Option("--remove-leftovers", help="First remove what killed runs left there."),
    ] = False,
) -> None:
    """Check a backend against the contract of channels.

    Exits with 0 if every clause holds, with 1 if one is broken, and with 2 if nothing could be
    tried, or the store was gone before the end. A factory returns a Harness, or a context manager
    that gives one.
    """
    console = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
    if seed is None:
        seed = random.randrange(2**32)
    usual = _QUICK if quick else _USUAL
    budget = Budget(examples=examples or usual, seed=seed, on_loop=not quick)

    def may_remove(what: str) -> bool:
        return remove_leftovers or (
            console.is_terminal
            and sys.stdin.isatty()
            and typer.confirm(f"{what}, which was killed. Remove them?")
        )

    status: int | None = None
    try:
        chosen = target_of(target, beside_others=beside_others, may_remove=may_remove)
        console.print(f"Trying {chosen.name}: {len(CHECKS)} checks, with --seed {seed}.")
        if chosen.says:
            console.print(chosen.says)
        console.print(f"This writes {chosen.will_write}.")
        with chosen.harness as harness:
            status = _try(chosen, harness, budget, console)
    except BadTarget as error:
        console.print(f"Nothing was tried: {error}")
        status = _UNUSABLE
    except CleanUpFailed as error:
        console.print(f"At the end {error}")
        status = status or _UNUSABLE
    except (KeyboardInterrupt, typer.Abort):
        what = "Nothing was tried" if status is None else "What was written may still be there"
        console.print(f"{what}: the command was interrupted.")
        status = _INTERRUPTED
    raise typer.Exit(status)


def _try(target: Target, harness: Harness, budget: Budget, console: Console) -> int:
    """Run all checks, show what comes of them, and return the exit status."""
    display = FindingsDisplay(console, len(CHECKS))
    status, end = 0, ""
    try:
        with display:
            for finding in run(harness, budget=budget, backend=target.name, begin=display.begin):
                display.add(finding)
    except StoreGoneError as gone:
        status, end = _UNUSABLE, " ".join(filter(None, (f"Stopped: {gone}.", target.leaves)))
    except KeyboardInterrupt:
        status, end = _INTERRUPTED, f"Interrupted in the check '{display.check}'."
    tallies = {target.name: harness.tally}
    text = report(display.findings, len(CHECKS), tallies, shown=display.shown)
    console.print(Text(text))
    if end:
        console.print(end)
    if not status and any(each.result is Result.BROKEN for each in display.findings):
        return _BROKEN
    return status
