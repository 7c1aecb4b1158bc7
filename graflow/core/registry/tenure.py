"""Tenure of a run: the right of one process to write for it, until another takes over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from uuid import uuid4

from graflow.channels.backend import Backend, Fence
from graflow.channels.commits.commit import (
    Change,
    Conflict,
    Delete,
    Expire,
    Held,
    Holds,
    Put,
)
from graflow.core.registry.keeper import keeper_of
from graflow.core.registry.run_records import (
    RunRecord,
    alive_key,
    fence_key,
    run_key,
    unpacked,
)
from graflow.exceptions import ChannelError, RunInProgressError, WorkflowValueError
from graflow.system.clock import monotonic, utc_now
from graflow.system.crashes import Crash
from graflow.system.logs import RUN
from graflow.system.without_threads import has_threads

__all__ = ["Tenure", "begin", "take_over"]

LEASE = 30_000  # ms after which a run whose process was not heard of counts as dead
_SIGNS: Final = 3  # of life in a lease
_LEAST: Final = 7 * 86_400_000  # ms for which a run that never ends is known, at the least
_RENEWALS: Final = 7  # how often what a run keeps is renewed in the time that it lasts
_SHORT: Final = 100  # a run that takes this part of the time for which it is kept is short
_AT_ONCE: Final = 1_000  # results whose expiry is set in one step


class Tenure:
    """The right to write for a run, which its process keeps by being heard of now and then.

    Attributes:
        fence: What whoever writes for the run must check.
        lifetime: ms that what the run keeps lasts while it runs; `None` for ever.
        results_last: ms that its results last from when they are stored; `None` for ever.
        when_lost: Called with the error when another process has taken over.
        hidden: The keys of what the run keeps for itself, which must not expire while it runs.
        number: How often the run was begun or taken over.
        keeper: Renews what must not lapse while the run goes on.
        is_heard: Whether this process can be heard of by others while the run goes on.
    """

    def __init__(self, backend: Backend, run_id: str, record: RunRecord, keep: int | None) -> None:
        """Prepare to begin, or to take over.

        Args:
            backend: The channel's.
            run_id: The id of the run.
            record: What is to be stored of the run.
            keep: ms for which what the run keeps lasts after its end; `None` for ever.
        """
        # Numbers alone would begin anew once the channel has forgotten the run.
        mine = b"%d %b" % (record.number, uuid4().hex.encode())
        self.fence = Fence(fence_key(run_id), mine, run_id, record.workflow)
        self.lifetime = None if keep is None else max(keep, _LEAST)
        # So much longer that those of a short run need not be touched again at its end.
        self.results_last = None if keep is None else max(keep, _LEAST) + keep // _SHORT
        self.when_lost: Callable[[BaseException], object] | None = None
        self.hidden: Sequence[str] = ()
        self._backend = backend
        self._run_id = run_id
        self._record = record
        self._keep = keep
        self._renewed = 0.0
        self.number = record.number
        self.is_heard = backend.shared and has_threads()
        # A channel without a server is one of its kind.
        self.keeper = keeper_of(backend.server or (type(backend), backend.name))
        self._kept: int | None = None

    def claim(self, before: bytes | None) -> bool:
        """Take the right, if the run's record is what it was; tell whether it is ours now."""
        run_id, lasts = self._run_id, self.lifetime
        changes: list[Change] = [
            Put(run_key(run_id), self._record.packed(), lasts),
            Put(self.fence.key, self.fence.record, lasts),
            self._sign_of_life(),
        ]
        checks = (Holds(run_key(run_id), before),)
        return not isinstance(self._backend.commit(checks, changes), Conflict)

    def start(self) -> None:
        """Note that tasks may run from now on, and be heard of.

        A thread for that starts as late as this, since executors may fork their processes before.

        Raises:
            RunSupersededError: Another process has taken over.
            RuntimeError: The system can't start the thread.
        """
        if not self._record.started:
            self._record = replace(self._record, started=True)
            put = Put(run_key(self._run_id), self._record.packed(), self.lifetime)
            if not self.commit([put, self._sign_of_life()]):
                raise self.fence.passed()
        if self.is_heard:
            self._renewed = monotonic()
            self._kept = self.keeper.keep(self)

    def withdraw(self) -> None:
        """Leave nothing behind: the run did not begin."""
        self._stop()
        keys = run_key(self._run_id), self.fence.key, alive_key(self._run_id)
        self.commit([Delete(key) for key in keys])

    def leave(self) -> None:
        """Be heard of no more: another process has the right, or this one counts as dead."""
        self._stop()

    def end(
        self,
        error: str | None,
        results: Sequence[str],
        rest: Callable[[int | None], Sequence[Change]],
    ) -> bool:
        """Note how the run ended; tell whether it was ours until then.

        Args:
            error: What ended it; `None` if it did all that it was to do.
            results: The keys of the run's results, and of the marks of its atomic tasks.
            rest: Returns what else is to be changed at that moment, given how many ms what is left
                of the run lasts; `None` for ever.
        """
        self._stop()
        state = "finished" if error is None else "failed"
        record = replace(self._record, state=state, ended=utc_now(), error=error)
        # A run that failed may be resumed, and needs its results then.
        lasts = self._keep if error is None else self.lifetime
        kept: list[Change] = [
            Put(run_key(self._run_id), record.packed(), lasts),
            Put(self.fence.key, self.fence.record, lasts),
            Delete(alive_key(self._run_id)),
            *rest(lasts or None),
        ]
        if lasts == 0:
            kept = [Delete(change.key) for change in kept]
        is_ours = True
        if error is None and self._is_to_set(record):
            is_ours = self._set_expiry(results, self._keep)
        return is_ours and self.commit(kept)

    def _is_to_set(self, record: RunRecord) -> bool:
        """Tell whether results would last for another time than they are to."""
        assert record.ended is not None
        took = (record.ended - record.begun).total_seconds() * 1000
        if self._keep is None:
            return False
        return self._keep != self.lifetime or record.alone or took > self._keep // _SHORT

    def _set_expiry(self, keys: Sequence[str], lasts: int | None) -> bool:
        """Let keys expire in so many ms, or at once; tell whether the run was ours until then."""
        for first in range(0, len(keys), _AT_ONCE):
            part = keys[first : first + _AT_ONCE]
            changes: list[Change] = [
                Delete(key) if lasts == 0 else Expire(key, lasts) for key in part
            ]
            if not self.commit(changes):
                return False
        return True

    def _sign_of_life(self) -> Change:
        lease = LEASE if self._backend.shared else None
        return Put(alive_key(self._run_id), self.fence.record, lease)

    @property
    def period(self) -> float:
        """Seconds from one sign of life to the next."""
        return LEASE / 1_000 / _SIGNS

    def renew(self) -> bool:
        """Give a sign of life; tell whether the run is still ours."""
        try:
            is_ours = self.commit([self._sign_of_life(), *self._lasting()])
            if is_ours and self._is_due():
                is_ours = self._set_expiry(self.hidden, self.lifetime)
                self._renewed = monotonic()
        except ChannelError:
            return True  # the next time, perhaps
        except Crash:
            return False  # the dead give no sign of life
        if not is_ours:
            error, lost = self.fence.passed(), self.when_lost
            RUN.warning(
                "Run %r was taken over by another process",
                self._run_id,
                extra={"run_id": self._run_id},
            )
            if lost is not None:
                lost(error)
        return is_ours

    def _is_due(self) -> bool:
        """Tell whether what the run keeps is to be renewed."""
        lasts = self.lifetime
        return lasts is not None and monotonic() - self._renewed > lasts / 1_000 / _RENEWALS

    def _lasting(self) -> list[Change]:
        """Return what keeps the record of a run that takes as long as it would last."""
        return [Expire(key, self.lifetime) for key in (run_key(self._run_id), self.fence.key)]

    def commit(self, changes: Sequence[Change]) -> bool:
        """Make changes, if the run is still ours; tell whether it is."""
        checks = (Holds(self.fence.key, self.fence.record),)
        return not isinstance(self._backend.commit(checks, changes), Conflict)

    def _stop(self) -> None:
        if self._kept is not None:
            self.keeper.drop(self._kept)


def begin(backend: Backend, run_id: str, record: RunRecord, keep: int | None) -> Tenure | RunRecord:
    """Begin a run, unless it has finished; then return its record.

    A run whose process died before any of its tasks ran is begun anew.

    Raises:
        RunInProgressError: A run of this id has begun and has not finished.
        WorkflowValueError: It is one of another workflow.
    """
    tenure = Tenure(backend, run_id, record, keep)
    while not tenure.claim(None):
        held, alive = backend.read((run_key(run_id), alive_key(run_id)))
        found = unpacked(held)
        if found is None:
            continue  # it has just gone
        if found.workflow != record.workflow:
            raise WorkflowValueError(
                f"the id {run_id!r} is that of a run of workflow {found.workflow!r}",
                workflow=record.workflow,
            )
        if found.state == "finished":
            return found
        if not found.started and alive is None:
            tenure = Tenure(backend, run_id, replace(record, number=found.number + 1), keep)
            if tenure.claim(_record_in(held)):
                return tenure
            continue
        raise _in_progress(run_id, found, alive)
    return tenure


def take_over(
    backend: Backend, run_id: str, record: RunRecord, keep: int | None
) -> Tenure | RunRecord:
    """Go on with a run in place of whoever ran it before, dead or alive.

    One that has finished on a channel on a server is over, whatever an old copy of its checkpoint
    says; then return its record.

    Raises:
        RunInProgressError: Somebody else takes it over at this moment.
    """
    (held,) = backend.read((run_key(run_id),))
    found = unpacked(held)
    if found is not None:
        if found.state == "finished" and backend.shared:
            return found
        record = replace(record, number=found.number + 1, begun=found.begun)
    tenure = Tenure(backend, run_id, record, keep)
    if not tenure.claim(_record_in(held)):
        raise RunInProgressError(
            f"run {run_id!r} of workflow {record.workflow!r} is just being taken over by another "
            "process",
            workflow=record.workflow,
            run_id=run_id,
        )
    return tenure


def _record_in(held: Held | None) -> bytes | None:
    """Return what a run's key holds, for a check that it still does."""
    record = None if held is None else held.record
    assert record is None or isinstance(record, bytes)
    return record


def _in_progress(run_id: str, record: RunRecord, alive: Held | None) -> RunInProgressError:
    begun = f"run {run_id!r} of workflow {record.workflow!r}, which began at {record.begun:%c} UTC,"
    if record.state == "running" and alive is not None:
        heard = "" if alive.left is None else f" (heard of {_age(alive.left)} ago)"
        told = f"{begun} is under way{heard}; wait for it, or give another run_id"
    else:
        what = f"failed ({record.error})" if record.state == "failed" else "died"
        how = (
            f"go on with resume({record.checkpoint!r})"
            if record.checkpoint
            else "it has no checkpoint to resume from; look at what it did, and begin anew under "
            "another run_id"
        )
        told = f"{begun} {what} before it was done; {how}"
    return RunInProgressError(told, workflow=record.workflow, run_id=run_id)


def _age(left: int) -> str:
    """Say how long ago a sign of life was given that lasts for `left` ms more."""
    return f"{max(0, LEASE - left) / 1_000:.0f} s"
