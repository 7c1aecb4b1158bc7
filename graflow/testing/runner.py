"""A runner for the suite without pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from graflow.testing.budget import Budget
from graflow.testing.checks import CHECKS, Check
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.report import Finding, Result

__all__ = ["run"]


def run(
    harness: Harness,
    capabilities: Capabilities | None = None,
    *,
    budget: Budget | None = None,
    backend: str = "channel",
    checks: Sequence[Check] = CHECKS,
    begin: Callable[[Check], object] = lambda check: None,
) -> Iterator[Finding]:
    """Run all checks on a backend, and yield each finding at once.

    Args:
        harness: The means to reach the backend.
        capabilities: The backend's promises; by default those of the harness.
        budget: How thoroughly each property is tested.
        backend: The backend's name in the report.
        checks: The checks to run.
        begin: Called with each check before it runs.

    Raises:
        ValueError: The harness offers something that the backend does not promise.
    """
    promised = harness.capabilities if capabilities is None else capabilities
    promised.require_fit(harness)
    spent = Budget() if budget is None else budget
    for check in checks:
        begin(check)
        yield Finding(
            backend, check.capability, str(check), *_result(check, harness, promised, spent)
        )


def _result(
    check: Check, harness: Harness, capabilities: Capabilities, budget: Budget
) -> tuple[Result, str]:
    absence = check.absence(harness, capabilities)
    if absence is not None:
        return (Result.DECLARED if absence.declared else Result.UNCHECKED), absence.reason
    try:
        check.run(harness, capabilities, budget)
    except Exception as error:  # noqa: BLE001 - whatever a broken backend raises
        return Result.BROKEN, str(error) or repr(error)
    return Result.HELD, ""
