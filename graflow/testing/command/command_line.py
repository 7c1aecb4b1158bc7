"""The command that checks a backend against the contract; `__main__` starts it."""

from __future__ import annotations

import random
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from graflow.testing.budget import Budget
from graflow.testing.checks import CHECKS
from graflow.testing.command.targets import BadTarget, Target, target_of
from graflow.testing.report import Finding, Result, report
from graflow.testing.runner import run

__all__ = ["start"]

_UNUSABLE = 2  # the exit status if nothing could be tried


def start() -> None:
    """Run the command with the arguments of this process."""
    typer.run(_main)


def _main(
    target: Annotated[str, typer.Argument(help="redis://host:port/db, or module:factory")],
    examples: Annotated[int, typer.Option(min=1, help="How often to try each property.")] = 100,
    seed: Annotated[int | None, typer.Option(help="Try the same examples again.")] = None,
    beside_others: Annotated[
        bool, typer.Option(help="Use a database even if it contains keys of graflow.")
    ] = False,
) -> None:
    """Check a backend against the contract of channels.

    Exits with 0 if every clause holds, with 1 if one is broken, and with 2 if nothing could be
    tried. A factory returns a Harness, or a context manager that gives one.
    """
    console = Console(highlight=False, soft_wrap=True)
    if seed is None:
        seed = random.randrange(2**32)
    try:
        chosen = target_of(target, beside_others=beside_others)
        console.print(f"Trying {escape(chosen.name)}: {len(CHECKS)} checks, with --seed {seed}.")
        if chosen.says:
            console.print(escape(chosen.says))
        console.print(f"This writes {escape(chosen.will_write)}.")
        findings = _run(chosen, Budget(examples=examples, seed=seed), console)
    except BadTarget as error:
        console.print(f"Nothing was tried: {escape(str(error))}")
        raise typer.Exit(_UNUSABLE) from None
    _show(findings, console)
    if any(finding.result is Result.BROKEN for finding in findings):
        raise typer.Exit(1)


def _run(target: Target, budget: Budget, console: Console) -> list[Finding]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with target.harness as harness, Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=len(CHECKS))
        findings = []
        for finding in run(
            harness,
            budget=budget,
            backend=target.name,
            begin=lambda check: bar.update(task, description=check.capability.ljust(26)),
        ):
            findings.append(finding)
            bar.advance(task)
    return findings


def _show(findings: list[Finding], console: Console) -> None:
    for finding in findings:
        if finding.result is Result.BROKEN:
            console.rule(escape(finding.check))
            console.print(finding.reason, markup=False)
    console.print(report(findings, len(CHECKS)), markup=False)
