"""A runner for the suite without pytest."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from graflow.testing.budget import Budget
from graflow.testing.checks import CHECKS, Check
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.report import Finding, Result
from graflow.testing.trials.gone import StoreGone

__all__ = ["StoreGoneError", "run"]


class StoreGoneError(ConnectionError):
    """The store can't be reached any more, so the rest of the checks was not tried.

    Attributes:
        check: The name of the check that was being tried.
    """

    def __init__(self, check: str, message: str) -> None:
        super().__init__(check, message)
        self.check = check

    def __str__(self) -> str:
        """Say when it went, and why it seems so."""
        check, message = self.args
        return (
            f"the store can't be reached any more since the check {check!r}: {message.rstrip('.')}"
        )


def run(
    harness: Harness,
    capabilities: Capabilities | None = None,
    *,
    budget: Budget | None = None,
    backend: str = "channel",
    checks: Sequence[Check] = CHECKS,
    begin: Callable[[Check], object] = lambda check: None,
) -> Generator[Finding, None, None]:
    """Run all checks on a backend, and yield each finding at once.

    How much was tried is counted in `harness.tally`. Whoever has seen enough may `close` what this
    returns; the checks that are left are not made then.

    Args:
        harness: The means to reach the backend.
        capabilities: The backend's promises; by default those of the harness.
        budget: How thoroughly each property is tested.
        backend: The backend's name in the report.
        checks: The checks to run.
        begin: Called with each check before it runs.

    Raises:
        ValueError: The harness offers something that the backend does not promise.
        StoreGoneError: The store can't be reached any more.
    """
    promised = harness.capabilities if capabilities is None else capabilities
    promised.require_fit(harness)
    spent = Budget() if budget is None else budget
    for check in checks:
        begin(check)
        yield _finding(backend, check, harness, promised, spent)


def _finding(
    backend: str, check: Check, harness: Harness, capabilities: Capabilities, budget: Budget
) -> Finding:
    absence = check.absence(harness, capabilities)
    if absence is not None:
        result = Result.DECLARED if absence.declared else Result.UNCHECKED
        return Finding(backend, check.capability, str(check), result, absence.reason)
    try:
        check.perform(harness, capabilities, budget)
    except StoreGone as gone:
        raise StoreGoneError(str(check), str(gone)) from gone
    except Exception as error:  # noqa: BLE001 - whatever a broken backend raises
        return Finding.broken(backend, check.capability, str(check), error)
    return Finding(backend, check.capability, str(check), Result.HELD)
