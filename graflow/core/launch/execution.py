"""The execution of a run that has been prepared, by a thread or by an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from typing import TYPE_CHECKING, Any, NamedTuple

from graflow.channels.codec.codec import Record
from graflow.core.checkpoint.checkpoint import FinishedTask
from graflow.core.graph.graph import RunPlan
from graflow.core.graph.schedule import Schedule
from graflow.core.launch.returning import results_of
from graflow.core.launch.run_options import MAX_WORKERS, Options
from graflow.core.run.base_run import BaseRun
from graflow.core.run.emitters import DirectEmitter, LoopEmitter
from graflow.core.run.observers import Observers, QueuedObservers
from graflow.core.run.supervisor import Supervisor
from graflow.core.run.threads import Run
from graflow.core.state.run_state import RunState
from graflow.core.travel.dispatch import Dispatch
from graflow.core.travel.executors import Pool
from graflow.core.travel.parcel import Parcel
from graflow.system.calls_in_threads import ending, in_own_thread

if TYPE_CHECKING:
    from graflow.core.run.on_loop import LoopRun

__all__ = ["Execution", "Preparation"]

_QUEUED = 64
"""How many tasks, at least, an executor outside the process may be given at a time."""


class Preparation(NamedTuple):
    """A run whose executor is open.

    Attributes:
        plan: The tasks and their order; the run uses it up.
        state: What all parts of the run share.
        variables: The `ContextVar`s that tasks in this process see.
        options: The options of the run.
        pool: Runs the tasks.
        parcel: What workers outside this process have to know; `None` if there are none.
        finished: The tasks that were done before, by id.
    """

    plan: RunPlan
    state: RunState
    variables: Context
    options: Options
    pool: Pool
    parcel: Parcel | None
    finished: Mapping[str, FinishedTask]


class Execution(NamedTuple):
    """A run that can start.

    Attributes:
        prepared: The run.
        supervisor: Keeps track of the attempts.
        observers: Whom the supervisor notifies.
        starts: Called before the first task starts.
    """

    prepared: Preparation
    supervisor: Supervisor
    observers: Observers
    starts: Callable[[BaseRun], object]

    def run(self) -> dict[str, Any]:
        """Run the tasks, and return what the last ones returned, by id."""
        prepared = self.prepared
        records: dict[str, Record] = {}
        if prepared.parcel is not None:
            dispatch = self._dispatch(prepared.parcel)
            self.starts(dispatch)
            dispatch.execute()
        else:
            run = self._on_threads()
            self.starts(run)
            run.execute()
            records = run.results
        return results_of(prepared.plan, prepared.state, records)

    async def arun(self, call: Callable[..., Awaitable[Any]]) -> dict[str, Any]:
        """Run the tasks on the running event loop, and return what the last ones returned, by id.

        Args:
            call: Makes a call that may wait for the channel.
        """
        prepared = self.prepared
        records: dict[str, Record] = {}
        if prepared.parcel is not None:
            await self._dispatched(prepared.parcel)
        else:
            run = self._on_loop()
            await call(self.starts, run)
            try:
                await run.execute()
            finally:
                if run.used_threads and prepared.pool.owned:
                    await ending(prepared.pool.executor.shutdown)
            records = run.results
        found: dict[str, Any] = await call(results_of, prepared.plan, prepared.state, records)
        return found

    async def _dispatched(self, parcel: Parcel) -> None:
        """Let a thread submit the tasks and wait for replies, until it is done or cancelled."""
        dispatch = self._dispatch(parcel)

        def work() -> None:
            self.starts(dispatch)
            dispatch.execute()

        def stop() -> None:
            dispatch.lose(asyncio.CancelledError())
            if isinstance(self.observers, QueuedObservers):
                self.observers.interrupt()

        name = f"graflow-{self.prepared.state.workflow_name}-dispatch"
        await in_own_thread(work, name, stop)

    def _dispatch(self, parcel: Parcel) -> Dispatch:
        pool, limit = self.prepared.pool, self.prepared.options.max_workers
        flights = limit or max(_QUEUED, 4 * pool.size())
        return Dispatch(
            self._schedule(), self.prepared.state, self.supervisor, pool, flights, parcel
        )

    def _on_threads(self) -> Run:
        prepared, limit = self.prepared, self.prepared.options.max_workers
        seats = prepared.pool.limit()
        return Run(
            self._schedule(),
            prepared.state.with_emitter(DirectEmitter(self.supervisor)),
            self.supervisor,
            prepared.pool.executor,
            min(limit or MAX_WORKERS, seats or limit or MAX_WORKERS),
            keep=prepared.plan.last,
            variables=prepared.variables,
        )

    def _on_loop(self) -> LoopRun:
        # Not at the top: most programs have no event loop.
        from graflow.core.run.on_loop import LoopRun  # noqa: PLC0415

        prepared, observers = self.prepared, self.observers
        assert isinstance(observers, QueuedObservers)
        return LoopRun(
            self._schedule(),
            prepared.state.with_emitter(LoopEmitter(self.supervisor, observers)),
            self.supervisor,
            observers,
            prepared.pool.executor,
            max_workers=prepared.options.max_workers,
            seats=prepared.pool.limit() or MAX_WORKERS,
            keep=prepared.plan.last,
            variables=prepared.variables,
        )

    def _schedule(self) -> Schedule:
        return Schedule(self.prepared.plan, self.prepared.finished.keys())
