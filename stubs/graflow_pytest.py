"""The pytest plugin: fixtures for tests of tasks, and the report of the conformance suite.

Pytest loads it wherever graflow is installed. So it is a module of its own, and imports nothing of
graflow before that is used: an empty test need not pay for pydantic and redis-py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from graflow import TaskExecutionContext
    from graflow.testing import Clock

__all__ = [
    "graflow_clock",
    "graflow_context",
    "note_finding",
    "note_tally",
    "pytest_terminal_summary",
]

_FINDING = "graflow conformance"
_TALLY = "graflow conformance tally"


@pytest.fixture
def graflow_context() -> TaskExecutionContext:
    """The context of a task called "test", with a new and empty channel in memory.

    `my_task.run(graflow_context, ...)` calls the function of a task that gets a context. What the
    task stores is in `graflow_context.get_channel()`. A result of another task that it is to find
    with `get_result` is stored there first, under "<task id>.__result__".
    """
    from graflow import MemoryChannel, TaskExecutionContext  # noqa: PLC0415 - see above

    return TaskExecutionContext("test", MemoryChannel())


@pytest.fixture
def graflow_clock() -> Iterator[Clock]:
    """A clock that stands still until the test moves it, and that graflow follows until its end.

    Keys expire, and pauses before retries pass, when `graflow_clock.advance(seconds)` says so.
    """
    from graflow.testing import Clock  # noqa: PLC0415 - see above

    with Clock() as clock:
        yield clock


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
