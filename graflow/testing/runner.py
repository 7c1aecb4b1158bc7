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
    """Try a backend for everything, and yield what was found as it is found.

    Args:
        harness: How to reach the backend.
        capabilities: What it promises; by default what the harness says.
        budget: How much each property is tried.
        backend: What the backend is called in the report.
        checks: What to try it for.
        begin: Is told of each check before it is made.

    Raises:
        ValueError: The harness has the means to try what the backend does not promise.
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
