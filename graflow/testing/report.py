"""The report of a run, one line each: `capability | held | broken | declared unsupported`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from graflow.testing.harness import Capability

__all__ = ["Finding", "Result", "report"]


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
        reason: Why it does not apply, or how the contract is broken.
    """

    backend: str
    capability: str
    check: str
    result: Result
    reason: str = ""


_HEAD = ("capability", Result.HELD, Result.BROKEN, Result.DECLARED, Result.UNCHECKED)


def report(findings: Iterable[Finding], checks: int) -> str:
    """Return a table for each backend, and the reasons below it.

    Args:
        findings: All findings.
        checks: The number of checks; a backend with fewer findings was not fully tried.
    """
    backends: dict[str, list[Finding]] = {}
    for finding in findings:
        backends.setdefault(finding.backend, []).append(finding)
    return "\n\n".join(_table(name, found, checks) for name, found in sorted(backends.items()))


def _table(backend: str, findings: list[Finding], checks: int) -> str:
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
    reasons = dict.fromkeys(
        f"{each.capability}: {each.result}: {each.reason}"
        for each in findings
        if each.result in {Result.DECLARED, Result.UNCHECKED}
    )
    broken = [f"broken: {each.check}" for each in findings if each.result is Result.BROKEN]
    missing = checks - len({each.check for each in findings})
    partly = [f"{missing} of {checks} checks did not run"] if missing else []
    return "\n".join([backend, *lines, *reasons, *broken, *partly])
