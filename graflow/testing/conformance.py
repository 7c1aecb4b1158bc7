"""The suite as tests for pytest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from graflow.testing.budget import Budget
from graflow.testing.checks import CHECKS, Check
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.report import Finding, Result
from graflow.testing.trials.gone import StoreGone
from graflow_pytest import note_finding, note_tally

__all__ = ["TIMES", "ChannelConformance"]

TIMES = "GRAFLOW_CONFORMANCE_TIMES"
"""The environment variable that multiplies the examples, as in `10`."""

_BY_NAME = {str(check): check for check in CHECKS}


class ChannelConformance:
    """Tests that prove that a backend keeps the contract of channels.

    Derive from this class, declare what the backend can do, and give it a harness:

        class TestAcmeChannel(ChannelConformance):
            capabilities = Capabilities(shared=True)

            @pytest.fixture(scope="class")
            @classmethod
            def harness(cls):
                with AcmeServer() as server:
                    yield Harness(open=lambda name: AcmeChannel(name, server.url))

    Attributes:
        capabilities: What the backend promises.
        examples: The number of examples of each property.
        on_loop: Whether each check is also made on an event loop; see `Budget`.
        xfail: Checks that are known to fail, by name, each with a reason. It is an error if one of
            them passes.
    """

    capabilities: ClassVar[Capabilities]
    examples: ClassVar[int] = 100
    on_loop: ClassVar[bool] = True
    xfail: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a class that leaves something out without saying why."""
        super().__init_subclass__(**kwargs)
        for name in vars(ChannelConformance):
            theirs = getattr(cls, name)
            if (
                name.startswith(("test_", "pytest_"))
                and theirs is not vars(ChannelConformance)[name]
            ):
                _require_reason(cls, name, theirs)
        for name, reason in cls.xfail.items():
            if name not in _BY_NAME:
                raise TypeError(f"{cls.__name__}.xfail names no check: {name!r}")
            if not reason.strip():
                raise TypeError(f"{cls.__name__}.xfail gives no reason for {name!r}")
            if _BY_NAME[name] not in cls._checks():
                raise TypeError(f"{cls.__name__} promises nothing that {name!r} could try")
        if cls.examples < 1:
            raise TypeError(f"{cls.__name__}.examples must be at least 1, not {cls.examples}")

    @pytest.fixture(scope="class")
    @classmethod
    def harness(cls) -> Harness:
        """The means to reach the backend; every class must provide its own."""
        raise NotImplementedError(f"{cls.__name__} lacks a fixture called `harness`")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Collect a test for each check that applies to the backend's promises."""
        if "check" in metafunc.fixturenames:
            metafunc.parametrize("check", self._checks(), ids=str)

    def test_promises(self, harness: Harness, request: pytest.FixtureRequest) -> None:
        """The promises fit the harness; what is not promised goes into the report."""
        promised = self._promised()
        for check in CHECKS:
            exemption = check.exemption(promised)
            if exemption is not None:
                self._note(request, check, Result.DECLARED, exemption)
        promised.require_fit(harness)

    def test_conformance(
        self, check: Check, harness: Harness, request: pytest.FixtureRequest
    ) -> None:
        """A clause of the contract holds."""
        capabilities = self._promised()
        absence = check.absence(harness, capabilities)
        if absence is not None:
            self._note(request, check, Result.UNCHECKED, absence.reason)
            pytest.skip(absence.reason)
        self._note(request, check, Result.HELD)
        if str(check) in self.xfail:
            reason = self.xfail[str(check)]
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
        times = int(os.environ.get(TIMES, "1"))
        budget = Budget(examples=self.examples * times, on_loop=self.on_loop)
        before = harness.tally.copy()
        _require_store(type(self))
        try:
            check.perform(harness, capabilities, budget)
        except StoreGone as gone:
            _gone[type(self)] = str(gone)
            _require_store(type(self))
        except Exception as error:
            finding = Finding.broken(type(self).__name__, check.capability, str(check), error)
            note_finding(request.node, finding)
            if str(check) not in self.xfail:
                _fail_in_short(type(self), finding)
            raise
        finally:
            counts = harness.tally.since(before).counts
            note_tally(request.node, type(self).__name__, counts)

    @classmethod
    def _checks(cls) -> list[Check]:
        """Return the checks that apply to the promises; all of them if there are no promises."""
        promised = getattr(cls, "capabilities", None)
        if not isinstance(promised, Capabilities):
            return CHECKS
        return [check for check in CHECKS if check.exemption(promised) is None]

    @classmethod
    def _promised(cls) -> Capabilities:
        promised = getattr(cls, "capabilities", None)
        if not isinstance(promised, Capabilities):
            raise TypeError(f"{cls.__name__} does not declare its `capabilities`")
        return promised

    def _note(
        self, request: pytest.FixtureRequest, check: Check, result: Result, reason: str = ""
    ) -> None:
        finding = Finding(type(self).__name__, check.capability, str(check), result, reason)
        note_finding(request.node, finding)


_first: dict[tuple[type, str], str] = {}  # the check that showed a cause in full, by class
_gone: dict[type, str] = {}  # why nothing else can be tried, by class


def _require_store(cls: type) -> None:
    """Fail at once if the store of a class was gone before; its timeouts would add up to hours."""
    if cls in _gone:
        pytest.fail(f"the store can't be reached any more: {_gone[cls]}", pytrace=False)


def _fail_in_short(cls: type, finding: Finding) -> None:
    """Fail without a traceback where that says nothing.

    That is, if no error is the cause, or if the same cause was shown in this process before.
    """
    first = _first.setdefault((cls, finding.cause or finding.check), finding.check)
    if first != finding.check:
        clause = finding.reason.partition("\n\n")[0]
        pytest.fail(f"{clause}\n\n{finding.outcome}\n(as in {first!r})", pytrace=False)
    if not finding.is_error:
        pytest.fail(finding.reason, pytrace=False)


def _require_reason(cls: type, name: str, override: Any) -> None:
    """Require that an overridden test is marked as known to fail, with a reason."""
    marks = getattr(override, "pytestmark", [])
    if not any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks):
        raise TypeError(
            f"{cls.__name__} overrides {name}, which the suite needs: mark it with "
            "pytest.mark.xfail(reason=...), or better, name single checks in `xfail`"
        )
