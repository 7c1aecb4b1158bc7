"""The pytest plugin that prints the report of the conformance suite at the end of a session.

Pytest loads it wherever graflow is installed. So it is a module of its own, and imports nothing of
graflow before there is something to report: an empty test need not pay for pydantic and redis-py.
"""

from __future__ import annotations

from typing import Any

__all__ = ["note_result", "pytest_terminal_summary"]

_PROPERTY = "graflow conformance"


def note_result(item: Any, backend: str, check: Any, result: str, reason: str = "") -> None:
    """Write down what comes of a check unless it fails; it travels with the test's report."""
    finding = (backend, str(check.capability), str(check), str(result), reason)
    item.user_properties.append((_PROPERTY, finding))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the report, if any checks ran."""
    findings = [
        (report, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call" or getattr(report, "failed", False)
        for name, value in getattr(report, "user_properties", ())
        if name == _PROPERTY
    ]
    if findings:
        _show(terminalreporter, findings)


def _show(terminalreporter: Any, findings: list[tuple[Any, Any]]) -> None:
    from graflow.testing.checks import CHECKS  # noqa: PLC0415 - see above
    from graflow.testing.report import Finding, Result, report  # noqa: PLC0415

    found = {}
    for test, (backend, capability, check, result, reason) in findings:
        outcome = Result(result)
        if outcome is Result.HELD and (test.failed or hasattr(test, "wasxfail")):
            outcome = Result.BROKEN
            reason = getattr(test, "wasxfail", "")
        found[backend, check] = Finding(backend, capability, check, outcome, reason)
    terminalreporter.section("conformance of channels")
    terminalreporter.write_line(report(found.values(), len(CHECKS)))
