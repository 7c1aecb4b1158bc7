"""The display of a run: findings as they come, and how far it is."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from graflow.testing.checks import Check
from graflow.testing.report import Finding, Result

__all__ = ["FindingsDisplay"]


class FindingsDisplay:
    """A bar on a terminal, and elsewhere a line every few seconds; the first finding of each cause.

    Attributes:
        findings: All findings so far.
        shown: Those of them that were shown in full.
        check: The check that is being tried, if any.
    """

    def __init__(self, console: Console, checks: int, every: float = 5.0) -> None:
        """Show nothing yet.

        Args:
            console: Where to write.
            checks: The number of checks.
            every: Seconds between two lines where there is no terminal.
        """
        self.findings: list[Finding] = []
        self.shown: list[Finding] = []
        self.check: Check | None = None
        self._console = console
        self._checks = checks
        self._every = every
        self._causes: set[str] = set()
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[broken]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=checks, broken="")

    def __enter__(self) -> Self:
        """Begin to show how far it is."""
        self._bar.start()
        if not self._console.is_terminal:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave only the findings."""
        self._ended.set()
        self._bar.stop()
        if self._thread.is_alive():
            self._thread.join()

    def begin(self, check: Check) -> None:
        """Say which check comes next."""
        self.check = check
        self._bar.update(self._task, description=check.capability.ljust(26))

    def add(self, finding: Finding) -> None:
        """Count a finding, and show it if nothing before it had the same cause."""
        self.findings.append(finding)
        self._bar.update(self._task, advance=1, broken=self._broken)
        if finding.result is not Result.BROKEN or finding.cause in self._causes:
            return
        if finding.cause:
            self._causes.add(finding.cause)
        self.shown.append(finding)
        self._console.rule(Text(finding.check))
        self._console.print(Text(finding.reason))

    @property
    def _broken(self) -> str:
        count = sum(each.result is Result.BROKEN for each in self.findings)
        return f"{count} broken" if count else ""

    def _tell(self) -> None:
        while not self._ended.wait(self._every):
            seconds = round(time.monotonic() - self._started)
            done = f"{len(self.findings)} of {self._checks} checks in {seconds} s"
            at = f"now {self.check}" if self.check else ""
            self._console.print(Text(", ".join(filter(None, (done, self._broken, at)))))
