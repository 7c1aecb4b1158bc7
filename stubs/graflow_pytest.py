"""The pytest plugin that prints the report of the conformance suite at the end of a session.

Pytest loads it wherever graflow is installed. So it is a module of its own, and imports nothing of
graflow before there is something to report: an empty test need not pay for pydantic and redis-py.
"""

from __future__ import annotations

from typing import Any

__all__ = ["note_finding", "note_tally", "pytest_terminal_summary"]

_FINDING = "graflow conformance"
_TALLY = "graflow conformance tally"


def note_finding(item: Any, finding: Any) -> None:
    """Write down what comes of a check; it travels with the test's report, as plain values."""
    parts = (getattr(finding, name) for name in finding.__slots__)
    item.user_properties.append((_FINDING, tuple(map(_plain, parts))))


def note_tally(item: Any, backend: str, counts: tuple[int, ...]) -> None:
    """Write down how much a check tried."""
    item.user_properties.append((_TALLY, (backend, *counts)))


def _plain(part: Any) -> Any:
    """Return what pytest-xdist can send: a text that can be encoded, or a boolean."""
    if isinstance(part, bool):
        return part
    return str(part).encode(errors="backslashreplace").decode()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the report, if any checks ran."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call" or getattr(report, "failed", False)
    ]
    if any(name == _FINDING for report in reports for name, _ in _properties(report)):
        _show(terminalreporter, reports)


def _properties(report: Any) -> Any:
    return getattr(report, "user_properties", ())


def _show(terminalreporter: Any, reports: list[Any]) -> None:
    from graflow.testing.checks import CHECKS  # noqa: PLC0415 - see above
    from graflow.testing.report import Finding, report  # noqa: PLC0415
    from graflow.testing.tally import Tally  # noqa: PLC0415

    found: dict[tuple[str, str], Finding] = {}
    tallies: dict[str, Tally] = {}
    for test in reports:
        for name, value in _properties(test):
            if name == _FINDING:
                finding = Finding.noted(value, test)
                found[finding.backend, finding.check] = finding
            elif name == _TALLY:
                backend, *counts = value
                tallies[backend] = tallies.get(backend, Tally()) + Tally(*counts)
    terminalreporter.section("conformance of channels")
    terminalreporter.write_line(report(found.values(), len(CHECKS), tallies))
