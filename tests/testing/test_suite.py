"""The conformance suite itself: it rejects what is broken, and passes what is right."""

from __future__ import annotations

import time
from typing import Any

import pytest

from graflow.testing import Budget, Capabilities, Capability, Harness, run
from graflow.testing.checks import CHECKS, Check
from graflow.testing.report import Finding, Result
from graflow.testing.sameness import same
from tests.testing.broken_channels import BROKEN, FLAT, LOSSY, LossyChannel
from tests.testing.dict_channel import DictBackend, DictChannel, Store

SEEDS = range(5)


class FlatBackend(DictBackend):
    """One store for all names."""

    def open(self, name: str) -> Any:
        """Open one more handle on the channel called `name`."""
        store = self._stores.setdefault("", Store(lambda: self._now))
        return self._kind(name, store)


def harness_of(kind: type[DictChannel]) -> Harness:
    """Return the harness of a channel on a dict, with what its defect needs to show."""
    backend = (FlatBackend if kind in FLAT.values() else DictBackend)(kind)

    def cut() -> None:
        for store in backend._stores.values():
            vars(store)["cut"] = True

    return Harness(
        open=backend.open,
        advance=backend.advance,
        cut_reply=cut if issubclass(kind, LossyChannel) else None,
        read=lambda name, key: backend.open(name)._read(key),
    )


def first_broken(harness: Harness, seed: int, checks: list[Check] = CHECKS) -> Finding | None:
    """Run the suite until it finds something."""
    budget = Budget(seed=seed, shrink=False)
    findings = run(harness, Capabilities(), budget=budget, checks=checks)
    return next((found for found in findings if found.result is Result.BROKEN), None)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", [*BROKEN, *FLAT, *LOSSY])
def test_a_broken_channel_is_rejected(name: str, seed: int) -> None:
    """With the default number of examples, on every seed, in time."""
    kind = {**BROKEN, **FLAT, **LOSSY}[name]
    started = time.monotonic()
    assert first_broken(harness_of(kind), seed) is not None
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("kind", [DictChannel, LossyChannel])
def test_a_correct_channel_passes(kind: type[DictChannel]) -> None:
    """One that does everything under one mutex."""
    findings = list(run(harness_of(kind), Capabilities(), budget=Budget(seed=0)))
    assert [found for found in findings if found.result is Result.BROKEN] == []
    assert len(findings) == len(CHECKS)


# Reports and scripts


def reasons(kind: type[DictChannel], part: Capability, **budget: Any) -> list[str]:
    """Return how the checks of one part are broken."""
    checks = [check for check in CHECKS if check.capability is part]
    findings = run(
        harness_of(kind), Capabilities(), budget=Budget(seed=1, **budget), checks=checks
    )
    return [found.reason for found in findings if found.result is Result.BROKEN]


@pytest.mark.parametrize(
    "name",
    [
        "set keeps the old TTL",
        "what is stored is the caller's object",
        "update overwrites what was written in between",
        "a lost lock is given back in silence",
        "pop leaves an empty list",
    ],
)
def test_what_broke_is_a_script_that_can_be_pasted(name: str) -> None:
    """The shortest steps that were found, as Python code whose last line shows the defect."""
    (reason,) = reasons(BROKEN[name], Capability.SEQUENCES)
    code = reason.partition("\n\n")[2]
    assert len(code.splitlines()) < 20
    *steps, last = [line for line in code.splitlines() if not line.startswith("#")]
    *_, found, expected = code.splitlines()
    assert found.startswith("# it ")
    assert expected.startswith("# the contract: it ")
    backend = DictBackend(BROKEN[name])
    names: dict[str, Any] = {"open": backend.open, "advance": backend.advance}
    for line in steps:
        exec(line, names)
    if found.startswith("# it returned "):
        shown = found.removeprefix("# it returned ")
        assert same(eval(last, names), eval(shown, names))
    else:
        with pytest.raises(Exception, match=r".*"):
            eval(last, names)


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_each_part_of_the_suite_has_teeth(name: str) -> None:
    """The state machine alone finds most defects, without the table of edge cases."""
    if name in NOT_FOR_THE_MACHINE:
        pytest.skip(NOT_FOR_THE_MACHINE[name])
    assert reasons(BROKEN[name], Capability.SEQUENCES, shrink=False)
