"""The conformance suite itself: it rejects what is broken, and passes what is right."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from graflow.channels.schema import Schema
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelValidationError
from graflow.testing import Budget, Capabilities, Capability, Harness, run
from graflow.testing.checks import CHECKS, Check
from graflow.testing.report import Finding, Result
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
