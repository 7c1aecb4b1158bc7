"""The checks that a backend has to pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.testing.budget import Budget
from graflow.testing.edges import EDGES, Edge
from graflow.testing.edges.holders.contenders import Unfinished, in_thread
from graflow.testing.harness import OPTIONAL, Capabilities, Capability, Harness
from graflow.testing.on_loop.loop_channel import LoopChannel
from graflow.testing.properties import (
    durability,
    event_loops,
    means,
    news,
    promises,
    restarts,
    round_trips,
    short_cuts,
    typed_channels,
)
from graflow.testing.properties.concurrency import interleavings
from graflow.testing.properties.concurrency.workload import WORKLOADS
from graflow.testing.properties.machine import machine_for
from graflow.testing.properties.stepwise import intrusions, meetings, sights
from graflow.testing.trials.script import ANY_OPEN
from graflow.testing.trials.trial import Trial

__all__ = ["CHECKS", "Absence", "Check"]

_LONG = 120  # seconds for an edge case of locks
_STEPS = 40  # of the state machine in one example
_HANDLES = ((False, ""), (True, " on one handle"))
_PROMISES = {
    Capability.PROCESSES: ("shared", "the backend is not shared between processes"),
    Capability.DURABILITY: ("durable", "the backend is not durable"),
    Capability.LOST_REPLIES: ("remote", "the backend is not remote: no reply can get lost"),
}
"""The promise without which a capability is not tried, and the reason given then."""


_MEANS = {
    "advance": "minutes have to pass",
    "cut_reply": "a reply has to get lost",
    "open_async": "operations have to be awaited",
    "lost": "it has to be shown that a reply got lost",
    "read": "what is stored has to be read as by another program",
    "restart": "the store has to be restarted",
    "started": "it has to be shown that the store was restarted",
}
"""What a check needs that only a means of the harness can bring about."""


_ON_LOOP = (
    "from graflow.testing.on_loop.loop_channel import on_event_loop",
    "open = on_event_loop(open)",
)


@dataclass(frozen=True, slots=True)
class Absence:
    """The reason why a check does not apply to a backend.

    Attributes:
        declared: Whether the backend declared that it lacks this; if not, the harness lacks a
            means.
        reason: The reason.
    """

    declared: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check of one clause or property.

    Attributes:
        name: The name, unique within the capability.
        capability: The line of the report where it counts.
        run: Raises if the backend does not keep the contract.
        needs: What the backend must support.
        means: The attributes of `Harness` without which it can't be tried.
        unless: The attribute of `Capabilities` that, if it gives a reason, exempts from it.
    """

    name: str
    capability: Capability
    run: Callable[[Harness, Capabilities, Budget], None]
    needs: frozenset[Capability] = frozenset()
    means: tuple[str, ...] = ()
    unless: str = ""

    def __str__(self) -> str:
        return f"{self.capability}: {self.name}"

    def perform(self, harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
        """Raise if the backend does not keep the contract, in threads or on an event loop."""
        self.run(harness, capabilities, budget)
        if not budget.on_loop or "open_async" in self.means:
            return
        if harness.open_async is not None:
            fewer = replace(budget, examples=max(1, budget.examples // 4))
            self.run(_on_loop(harness, harness.open_async), capabilities, fewer)

    def exemption(self, capabilities: Capabilities) -> str | None:
        """Return why a backend with these promises is exempt from the check; `None` if it isn't."""
        for name, reason in capabilities.unsupported.items():
            if OPTIONAL[name] in self.needs or OPTIONAL[name] is self.capability:
                return f"no {name}: {reason}"
        if self.unless and getattr(capabilities, self.unless):
            return f"{self.unless}: {getattr(capabilities, self.unless)}"
        for capability in (self.capability, *self.needs):
            promise, absence = _PROMISES.get(capability, ("", ""))
            if promise and not getattr(capabilities, promise):
                return absence
        return None

    def absence(self, harness: Harness, capabilities: Capabilities) -> Absence | None:
        """Return why the check does not apply, or `None` if it does."""
        exemption = self.exemption(capabilities)
        if exemption is not None:
            return Absence(True, exemption)
        for name in self.means:
            if getattr(harness, name) is None:
                return Absence(False, f"{_MEANS[name]}, and the harness offers no `{name}`")
        return None


def _on_loop(harness: Harness, open_async: Callable[[str], AsyncChannel]) -> Harness:
    """Return a harness whose channels do everything on an event loop."""
    other = replace(
        harness,
        open_async=None,
        open=lambda name: LoopChannel(harness.open(name), open_async(name)),
        preamble="\n".join((harness.preamble.strip() or ANY_OPEN, *_ON_LOOP)),
    )
    object.__setattr__(other, "tally", harness.tally)
    return other


def _run_edge(edge: Edge, harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    with Trial(harness, f"{edge.name}: {edge.clause}") as trial:
        if edge.capability is not Capability.LOCK:
            edge.run(trial)
            return
        error = in_thread(partial(edge.run, trial), _LONG)  # a lock may wait for ever
        trial.require(not isinstance(error, Unfinished), "a lock waits `timeout` at most")
        if error is not None:
            raise error


def _run_machine(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    machine = machine_for(harness, capabilities)
    if budget.seed is not None:
        machine = hypothesis.seed(budget.seed)(machine)
    if harness.advance is None:
        budget = replace(budget, examples=max(1, budget.examples // 5))  # it sleeps in most
    settings = budget.settings(stateful_step_count=_STEPS)
    budget.run(lambda: run_state_machine_as_test(machine, settings=settings))


def _check_of(edge: Edge) -> Check:
    needed = ("advance",) if edge.moves_time else ()
    run = partial(_run_edge, edge)
    return Check(edge.name, edge.capability, run, edge.needs, needed, edge.unless)


def _needs(workload: str) -> set[Capability]:
    return {Capability.TTL} if workload == "expiry" else set()


def _checks_of_threads() -> Iterator[Check]:
    """Yield checks with a handle for each thread, and with one for all."""
    for workload in WORKLOADS:
        needs = frozenset(_needs(workload))
        for one_handle, suffix in _HANDLES:
            run = partial(interleavings.check_threads, workload=workload, one_handle=one_handle)
            yield Check(f"{workload}{suffix}", Capability.THREADS, run, needs)
    for one_handle, suffix in _HANDLES:
        run = partial(interleavings.check_lock_of_threads, one_handle=one_handle)
        yield Check(f"lock{suffix}", Capability.THREADS, run, frozenset({Capability.LOCK}))


def _checks_of_event_loops() -> Iterator[Check]:
    means = ("open_async",)
    lock = frozenset({Capability.LOCK})
    for name, run, needs in (
        ("tasks at once", event_loops.check_tasks_at_once, frozenset()),
        ("changes that are cancelled", event_loops.check_cancelled_changes, frozenset()),
        ("waits that are cancelled", event_loops.check_cancelled_waits, lock),
        ("tasks that wait", event_loops.check_waiting_tasks, lock),
    ):
        yield Check(name, Capability.EVENT_LOOPS, run, needs, means)


def _checks_of_processes() -> Iterator[Check]:
    needs = frozenset({Capability.PICKLE})
    yield Check("after a fork", Capability.PROCESSES, interleavings.check_forks, needs)
    for workload in WORKLOADS:
        run = partial(interleavings.check_processes, workload=workload)
        needs = frozenset({Capability.PICKLE, *_needs(workload)})
        yield Check(workload, Capability.PROCESSES, run, needs)
    needs = frozenset({Capability.PICKLE, Capability.LOCK})
    yield Check("lock", Capability.PROCESSES, interleavings.check_lock_of_processes, needs)


CHECKS: list[Check] = [
    Check("each handle is another one", Capability.KEYS, means.check_open),
    Check(
        "time can be moved",
        Capability.TTL,
        means.check_advance,
        frozenset({Capability.TTL}),
        ("advance",),
    ),
    Check("what is lacking is refused", Capability.KEYS, promises.check_unsupported),
    Check("whether processes share them", Capability.KEYS, promises.check_shared),
    *(_check_of(edge) for edge in EDGES if not edge.is_slow),
    Check("each short cut", Capability.COMMITS, short_cuts.check_short_cuts),
    Check("what others see of a change", Capability.COMMITS, sights.check_sights),
    Check("the same change by others meanwhile", Capability.COMMITS, meetings.check_changes),
    Check("a delete of what others delete", Capability.COMMITS, meetings.check_deletes),
    Check("checks that stop to hold meanwhile", Capability.COMMITS, intrusions.check_checks),
    Check("changes by others during a read", Capability.COMMITS, sights.check_reads),
    Check("reads by two on one handle", Capability.THREADS, sights.check_neighbours),
    Check("two who take a lock at once", Capability.LOCK, intrusions.check_locks),
    Check("a handle as bytes", Capability.PICKLE, promises.check_pickle),
    Check(
        "after a restart",
        Capability.WAITING,
        news.check_restart,
        needs=frozenset({Capability.DURABILITY}),
        means=("restart", "started"),
    ),
    Check("all who want an item", Capability.WAITING, news.check_takers),
    Check(
        "a restart",
        Capability.DURABILITY,
        durability.check_durability,
        means=("restart", "started"),
    ),
    Check(
        "times and fences after a restart",
        Capability.DURABILITY,
        restarts.check_restart,
        means=("restart", "started"),
    ),
    Check(
        "each kind of write",
        Capability.LOST_REPLIES,
        durability.check_lost_replies,
        means=("cut_reply", "lost"),
    ),
    Check(
        "an independent parser",
        Capability.PLAIN_JSON,
        round_trips.check_plain_json,
        means=("read",),
    ),
    Check("every value comes back", Capability.VALUES, round_trips.check_values),
    Check("every bad value is refused", Capability.VALUES, round_trips.check_refused_values),
    *_checks_of_threads(),
    *_checks_of_event_loops(),
    *(_check_of(edge) for edge in EDGES if edge.is_slow),
    *_checks_of_processes(),
    Check("what fits comes back", Capability.TYPED, typed_channels.check_typed_values),
    Check("what does not fit is refused", Capability.TYPED, typed_channels.check_typed_misfits),
    Check("strange data is reported", Capability.TYPED, typed_channels.check_typed_strangers),
    Check("against a dict", Capability.SEQUENCES, _run_machine),
]
"""All checks, quick ones first."""
