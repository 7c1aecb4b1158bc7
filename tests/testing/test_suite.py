"""The conformance suite itself: it rejects what is broken, and passes what is right."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import pytest
from typing_extensions import override

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelError, ChannelValidationError
from graflow.testing import Budget, Capabilities, Capability, Harness, run
from graflow.testing.checks import CHECKS
from graflow.testing.edges import EDGES, Edge
from graflow.testing.report import Result, report
from graflow.testing.trials.equality import same
from graflow.testing.trials.model import Model
from graflow.testing.trials.steps import Left, Refused
from tests.testing.broken import BROKEN
from tests.testing.broken.lost_replies import LossyChannel
from tests.testing.broken.registry import channel_on, dict_harness, lossy_harness
from tests.testing.broken.ttls import SetKeepsTtl
from tests.testing.dict_channel import DictBackend, DictChannel, DictChannels, Store


def test_a_correct_channel_passes() -> None:
    """One that does everything under one mutex."""
    budget = Budget(seed=0, examples=25)
    findings = list(run(dict_harness(DictChannel), Capabilities(), budget=budget))
    assert [found for found in findings if found.result is Result.BROKEN] == []
    assert len(findings) == len(CHECKS)


@pytest.mark.parametrize("on_loop", [True, False])
def test_checks_are_made_on_an_event_loop_too(*, on_loop: bool) -> None:
    """Unless the budget leaves that out, which still makes those about event loops there."""
    opened, channels = list[str](), DictChannels()

    def open_async(name: str) -> AsyncChannel:
        opened.append(name)
        face: AsyncChannel = channels.open(name).aio
        return face

    harness = Harness(open=channels.open, open_async=open_async, advance=channels.advance)
    budget = Budget(on_loop=on_loop)
    for capability, is_opened in ((Capability.BATCHES, on_loop), (Capability.EVENT_LOOPS, True)):
        opened.clear()
        checks = [check for check in CHECKS if check.capability is capability]
        findings = list(run(harness, budget=budget, checks=checks))
        assert {finding.result for finding in findings} == {Result.HELD}
        assert bool(opened) == is_opened


def test_a_correct_channel_passes_when_replies_get_lost() -> None:
    """One that remembers what it has done already."""
    assert reasons(lossy_harness(LossyChannel), Capability.LOST_REPLIES) == []


# Reports and scripts


def reasons(harness: Harness, part: Capability, **budget: Any) -> list[str]:
    """Return how the checks of one part are broken."""
    checks = [check for check in CHECKS if check.capability is part]
    findings = list(run(harness, budget=Budget(seed=1, **budget), checks=checks))
    assert all(found.result in {Result.HELD, Result.BROKEN} for found in findings)
    return [found.reason for found in findings if found.result is Result.BROKEN]


def broken_harness(name: str) -> Harness:
    """Return the harness of a broken channel on a dict."""
    with BROKEN[name].reach() as harness:
        return harness


@pytest.mark.parametrize(
    "name",
    [
        "set keeps the old TTL",
        "what is stored is the caller's object",
        pytest.param("append replaces what is no list", marks=pytest.mark.thorough),
        pytest.param("update overwrites what was written in between", marks=pytest.mark.thorough),
        pytest.param("pop leaves an empty list", marks=pytest.mark.thorough),
    ],
)
def test_what_broke_is_a_script_that_can_be_pasted(name: str) -> None:
    """The shortest steps that were found, as Python code whose last line shows the defect."""
    (reason,) = reasons(broken_harness(name), Capability.SEQUENCES, examples=500)
    code = reason.partition("\n\n")[2]
    assert len(code.splitlines()) < 40
    *steps, last = [line for line in code.splitlines() if not line.startswith("#")]
    *_, found, expected = code.splitlines()
    assert found.startswith("# it ")
    assert expected.startswith("# the contract: it ")
    harness = broken_harness(name)
    names: dict[str, Any] = {"open": harness.open, "advance": harness.advance}
    for line in steps:
        with suppress(ChannelError):  # at a prompt a refusal is shown, and the next line follows
            exec(line, names)
    if found.startswith("# it returned "):
        shown = found.removeprefix("# it returned ")
        assert same(eval(last, names), eval(shown, names))
    else:
        with pytest.raises(Exception, match=r".*"):
            eval(last, names)


@pytest.mark.parametrize(
    "name",
    [
        "True becomes 1",
        "a negative zero loses its sign",
        "a stored None is a missing key",
        "an empty list is a missing key",
        "append ignores its TTL",
        "append replaces what is no list",
        "exists ignores the time",
        "keys lists what has expired",
        "pop takes the last item",
        "prepend appends",
        "set keeps the old TTL",
        "update drops the TTL",
        "what is stored is the caller's object",
    ],
)
def test_the_state_machine_alone_rejects(name: str) -> None:
    """It finds defects without the table of edge cases."""
    assert reasons(broken_harness(name), Capability.SEQUENCES, shrink=False, examples=500)


def test_a_typed_channel_that_drops_unknown_fields_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A field that the schema does not have is an error, and is never dropped."""
    set_whole = TypedChannel.set

    def dropping(
        self: TypedChannel[Any], key: str, value: Any, ttl: Any = None, **options: Any
    ) -> None:
        known = getattr(self.schema, "__annotations__", None)
        if isinstance(value, dict) and known:
            value = {name: value[name] for name in value if name in known}
        set_whole(self, key, value, ttl, **options)

    monkeypatch.setattr(TypedChannel, "set", dropping)
    assert reasons(dict_harness(DictChannel), Capability.TYPED, examples=1)


def test_a_typed_channel_that_reads_bad_data_as_none_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Data that does not fit raises."""
    get: Any = TypedChannel.get

    def lenient(self: TypedChannel[Any], *args: Any) -> Any:
        try:
            return get(self, *args)
        except ChannelValidationError:
            return None

    monkeypatch.setattr(TypedChannel, "get", lenient)
    assert reasons(dict_harness(DictChannel), Capability.TYPED)


# The table and the model


def test_the_table_has_its_size_and_its_names_are_unique() -> None:
    """At least 120 edge cases, each with a clause and with an effect on the verdict."""
    names = [str(edge) for edge in EDGES]
    assert len(names) == len(set(names)) >= 120
    assert all(edge.clause and (edge.moves or edge.body) for edge in EDGES)
    checks = [str(check) for check in CHECKS]
    assert len(checks) == len(set(checks))
    assert set(names) <= set(checks)
    assert {check.capability for check in CHECKS} == set(Capability)


@pytest.mark.parametrize("edge", [edge for edge in EDGES if edge.moves], ids=str)
def test_the_model_agrees_with_the_table(edge: Edge) -> None:
    """What was written down by hand is what the dict gives."""
    model = Model()
    for step, outcome in ((move.step, move.outcome) for move in edge.moves):
        found = model.apply(step)
        if isinstance(outcome, Refused):
            agrees = (
                isinstance(found, Refused)
                and issubclass(found.kind, outcome.kind)
                and found.names_key == outcome.names_key
            )
        elif isinstance(found, Refused):
            agrees = False
        elif isinstance(outcome.value, Left):
            agrees = isinstance(found.value, Left) and math.isclose(
                outcome.value.seconds, found.value.seconds
            )
        else:
            agrees = same(outcome.value, found.value, in_order=step.operation != "get_many")
        if not agrees:  # an assertion would show huge numbers
            pytest.fail(f"{step.source('a')}: the table says {outcome}, the model {found}")


# What a backend's author says


@pytest.mark.parametrize(
    ("harness", "promise"),
    [
        (Harness(open=DictChannels().open, restart=list), "durable"),
        (Harness(open=DictChannels().open, cut_reply=list), "remote"),
    ],
)
def test_means_without_a_promise_are_refused(harness: Harness, promise: str) -> None:
    """A check that the harness has the means for is not left out by forgetting to promise."""
    with pytest.raises(ValueError, match=f"{promise}=True"):
        list(run(harness))


@pytest.mark.parametrize("names", [{"lists": "too slow"}, {"lock": ""}, {"lock": "  "}])
def test_what_can_not_be_declared_is_refused(names: dict[str, str]) -> None:
    """A name that is no option, and a reason that is none."""
    with pytest.raises(ValueError, match="lock"):
        Capabilities(unsupported=names)


class BackendWithoutLocks(DictBackend):
    """Has no locks and says so."""

    @override
    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        raise NotImplementedError("no locks")


class WithoutLocks(DictChannel):
    """A channel on it."""

    kind = BackendWithoutLocks


@pytest.mark.parametrize(("kind", "holds"), [(WithoutLocks, True), (DictChannel, False)])
def test_what_is_declared_unsupported_must_raise(kind: type[DictChannel], holds: bool) -> None:
    """A backend that has no locks must not seem to have one; nothing else is left out."""
    capabilities = Capabilities(unsupported={"lock": "no locks on a dict"})
    findings = list(run(dict_harness(kind), capabilities, budget=Budget(examples=10, seed=0)))
    broken = {found.check for found in findings if found.result is Result.BROKEN}
    assert broken == (set() if holds else {"keys and names: what is lacking is refused"})
    declared = [found for found in findings if found.result is Result.DECLARED]
    assert len([each for each in declared if each.capability == Capability.LOCK]) > 20
    lines = report(findings, len(CHECKS)).splitlines()
    (line,) = [each for each in lines if each.endswith("no lock: no locks on a dict")]
    assert "lock" in line.partition(": declared unsupported: ")[0].split(", ")


def test_time_that_can_not_be_moved_is_waited_for() -> None:
    """Without `advance` the suite sleeps a little, and rejects what is broken all the same."""
    backend = {
        kind: Harness(open=RealTime(kind).open) for kind in (DictChannel, channel_on(SetKeepsTtl))
    }
    checks = [check for check in CHECKS if str(check) in REAL_TIME]
    assert len(checks) == len(REAL_TIME)
    for kind, harness in backend.items():
        budget = Budget(examples=3, seed=0, shrink=False)
        findings = list(run(harness, Capabilities(), budget=budget, checks=checks))
        broken = [found for found in findings if found.result is Result.BROKEN]
        assert bool(broken) == (kind is not DictChannel), broken
    lock = next(check for check in CHECKS if "lease ended" in str(check))
    absence = lock.absence(backend[DictChannel], Capabilities())
    assert absence is not None
    assert absence.reason == "minutes have to pass, and the harness offers no `advance`"


REAL_TIME = {
    "any sequence of operations: against a dict",
    "ttl: set without a ttl makes a key last",
    "ttl: an expired key is missing for every operation",
    "lists: append sets the TTL of the whole list",
}


class RealTime(DictChannels):
    """Channels on a dict with a true clock."""

    def open(self, name: str) -> Any:
        """Open one more handle on the channel called `name`."""
        return self.kind(name, self.stores.setdefault(name, Store()))
