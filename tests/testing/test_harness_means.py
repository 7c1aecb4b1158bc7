"""Means of a harness that do nothing: no check may hold because nothing was tried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graflow.testing import Budget, Capabilities, Harness, LossyProxy, run
from graflow.testing.checks import CHECKS
from graflow.testing.harness import Capability
from graflow.testing.report import Finding, Result
from tests.testing.broken.harnesses import HARNESSES
from tests.testing.broken.lost_replies import LossyChannel
from tests.testing.broken.registry import lossy_harness
from tests.testing.dict_channel import DictChannels


def findings(harness: Harness, capability: Capability) -> list[Finding]:
    """Return the findings of one part of the suite."""
    checks = [check for check in CHECKS if check.capability is capability]
    return list(run(harness, budget=Budget(examples=5, seed=0), checks=checks))


@pytest.mark.parametrize("name", HARNESSES)
def test_a_means_that_does_not_work_is_blamed(name: str) -> None:
    """The check is broken, and says that it is the harness, and which of its means."""
    vacuous = HARNESSES[name]
    found = findings(vacuous.reach(), vacuous.capability)
    reasons = [each.reason for each in found if each.result is Result.BROKEN]
    assert any(
        "harness is at fault" in reason and f"`{vacuous.means}" in reason for reason in reasons
    ), reasons


def test_without_proof_nothing_holds() -> None:
    """A harness that does not show that its means work has its check left out, not passed."""
    for harness, capability, proof in (
        (replace(lossy_harness(LossyChannel), lost=None), Capability.LOST_REPLIES, "lost"),
        (
            Harness(
                open=DictChannels().open,
                restart=lambda: None,
                capabilities=Capabilities(durable=True),
            ),
            Capability.DURABILITY,
            "started",
        ),
    ):
        found = findings(harness, capability)
        assert found
        for each in found:
            assert each.result is Result.UNCHECKED
            assert f"no `{proof}`" in each.reason


def test_a_proxy_counts_its_losses() -> None:
    """A harness with a proxy's `cut_reply` need not say where losses are counted."""
    with LossyProxy(("127.0.0.1", 1), is_write=lambda request, reply: True) as proxy:
        harness = Harness(open=DictChannels().open, cut_reply=proxy.cut_reply)
        assert harness.lost is not None
        proxy.lost = 3
        assert harness.lost() == 3
