"""The report of a run: a table of capabilities, and below it one entry for each cause."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from graflow.testing.harness import Capability
from graflow.testing.tally import Tally
from graflow.testing.trials.broken import Broken
from graflow.testing.trials.causes import cause_of, shown_error

__all__ = ["Cause", "Finding", "Result", "causes", "report"]

_FEW = 12  # checks that are named one by one


class Result(StrEnum):
    """The result of a check."""

    HELD = "held"
    BROKEN = "broken"
    DECLARED = "declared unsupported"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check on one backend.

    Attributes:
        backend: The backend's name.
        capability: The line of the report.
        check: The check's name.
        result: The result.
        reason: Why it does not apply, or how the contract is broken: the clause, a script that
            shows it, and what its last line shows.
        outcome: The end of the reason, of a broken one: what the last line shows.
        cause: What it has in common with findings that have the same cause; empty if it is alone.
        is_error: Whether an error is the cause, so that the clause itself could not be tried.
    """

    backend: str
    capability: str
    check: str
    result: Result
    reason: str = ""
    outcome: str = ""
    cause: str = ""
    is_error: bool = False

    @classmethod
    def broken(cls, backend: str, capability: str, check: str, error: BaseException) -> Self:
        """Return the finding of a check that raised an error.

        Hypothesis raises a group if a failure does not repeat; then its first error counts.
        """
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, Broken):
            about = (str(error), error.outcome, error.cause, error.is_error)
        else:
            shown = f"it raised {shown_error(error)}"
            about = (shown, shown, cause_of(error), True)
        return cls(backend, capability, check, Result.BROKEN, *about)

    @classmethod
    def noted(cls, parts: Sequence[Any], test: Any) -> Self:
        """Return a finding that was written down during a test of pytest.

        Args:
            parts: Its attributes as plain values.
            test: The report of the test, which knows how it ended.
        """
        finding = cls(*parts)
        result = Result(finding.result)
        known = getattr(test, "wasxfail", "")
        if result in {Result.HELD, Result.BROKEN} and (known or test.failed):
            result = Result.BROKEN
            if known:
                return replace(finding, result=result, reason=known, outcome="", cause="")
        return replace(finding, result=result)


@dataclass(frozen=True, slots=True)
class Cause:
    """What one or more checks are broken by.

    Attributes:
        findings: Their findings, in the order in which they came.
    """

    findings: tuple[Finding, ...]

    @property
    def shortest(self) -> Finding:
        """The finding with the shortest script."""
        return min(self.findings, key=lambda each: (each.reason.count("\n"), len(each.reason)))

    def entry(self, totals: dict[str, int], shown: Collection[Finding]) -> Iterator[str]:
        """Yield the lines of the report about it.

        Args:
            totals: The number of checks of each capability that were tried.
            shown: The findings whose scripts have been shown already.
        """
        first, *others = self.findings
        if not others:
            yield f"broken: {first.check}"
            return
        outcome = self.shortest.outcome.splitlines()
        if first.is_error:
            yield f"broken: {len(self.findings)} checks by one error: {outcome[0]}"
            yield "  what could not be tried because of it:"
        else:
            yield f"broken: {len(self.findings)} checks with one outcome: {'; '.join(outcome)}"
        yield from self._checks(totals)
        if self.shortest not in shown:
            yield "  the shortest script that shows it:"
            yield from ("", self.shortest.reason, "")

    def _checks(self, totals: dict[str, int]) -> Iterator[str]:
        if len(self.findings) <= _FEW:
            yield from (f"    {each.check}" for each in self.findings)
            return
        for capability in Capability:
            names = [each.check for each in self.findings if each.capability == capability]
            if len(names) == totals.get(capability, 0) > 1:
                yield f"    {capability}: all {len(names)}"
            elif len(names) > _FEW:
                yield f"    {capability}: {len(names)} of {totals.get(capability, 0)}"
            else:
                yield from (f"    {name}" for name in names)


_HEAD = ("capability", Result.HELD, Result.BROKEN, Result.DECLARED, Result.UNCHECKED)


def causes(findings: Iterable[Finding]) -> list[Cause]:
    """Return what the broken ones among findings are broken by."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.result is Result.BROKEN:
            found.setdefault(finding.cause or f"{finding.check} alone", []).append(finding)
    return [Cause(tuple(each)) for each in found.values()]


def report(
    findings: Iterable[Finding],
    checks: int,
    tallies: dict[str, Tally] | None = None,
    *,
    shown: Collection[Finding] = (),
) -> str:
    """Return a table for each backend, and below it the reasons and what is broken.

    Args:
        findings: All findings.
        checks: The number of checks; a backend with fewer findings was not fully tried.
        tallies: How much was tried of each backend.
        shown: The findings whose scripts have been shown already.
    """
    backends: dict[str, list[Finding]] = {}
    for finding in findings:
        backends.setdefault(finding.backend, []).append(finding)
    tables = []
    for name, found in sorted(backends.items()):
        tally = (tallies or {}).get(name)
        lines = [name, *_table(found), *_remarks(found, checks, shown)]
        tables.append("\n".join([*lines, str(tally)] if tally else lines))
    return "\n\n".join(tables)


def _table(findings: list[Finding]) -> list[str]:
    rows: list[tuple[str, ...]] = [_HEAD]
    for capability in Capability:
        results = [each.result for each in findings if each.capability == capability]
        counts = (results.count(result) for result in Result)
        rows.append((capability, *(str(count or "") for count in counts)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return lines


def _remarks(findings: list[Finding], checks: int, shown: Collection[Finding]) -> Iterator[str]:
    untried: dict[str, set[str]] = {}
    for each in findings:
        if each.result in {Result.DECLARED, Result.UNCHECKED}:
            untried.setdefault(f"{each.result}: {each.reason}", set()).add(each.capability)
    for why, about in untried.items():
        yield f"{', '.join(each for each in Capability if each in about)}: {why}"
    totals: dict[str, int] = {}
    for each in findings:
        totals[each.capability] = totals.get(each.capability, 0) + 1
    for cause in causes(findings):
        yield from cause.entry(totals, shown)
    if missing := checks - len({each.check for each in findings}):
        yield f"{missing} of {checks} checks did not run"
