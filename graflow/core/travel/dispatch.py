"""The dispatch of a run's tasks to other processes or other machines."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import sleep
from typing import Any, NamedTuple

from graflow.core.graph.schedule import Schedule
from graflow.core.run.base_run import BlockingRun
from graflow.core.run.delays import ALERT, wait_until_done
from graflow.core.run.supervisor import Supervisor
from graflow.core.state.run_state import RunState
from graflow.core.task.task import Task
from graflow.core.travel.executors import Pool
from graflow.core.travel.mailbox import FETCHED_EVERY
from graflow.core.travel.parcel import Parcel
from graflow.core.travel.worker import Ending, Reply, perform, raised
from graflow.exceptions import ChannelError, WorkerLostError, WorkflowStateError
from graflow.system.logs import RUN

__all__ = ["Dispatch"]

_MOST_BREAKS = 3
"""How often in a row the executor may break before it has begun any task."""

_OWN = "pass a function that makes the executor, as in executor=ProcessPoolExecutor"


class _Flight(NamedTuple):
    """A submission that has not come back."""

    task: Task[..., Any]
    serial: int


class Dispatch(BlockingRun):
    """One run that submits its tasks to an executor, and waits for short replies.

    All of this happens in the thread that began the run. The results of tasks stay in the channel.
    Marks show which task a dead worker was running, and which were only waiting for it.
    """

    def __init__(
        self,
        schedule: Schedule,
        state: RunState,
        supervisor: Supervisor,
        pool: Pool,
        max_flights: int,
        parcel: Parcel,
    ) -> None:
        """Prepare the run.

        Args:
            schedule: Which tasks can start; the run uses it up.
            state: What all parts of the run share.
            supervisor: Keeps track of the attempts.
            pool: Runs the tasks.
            max_flights: How many submissions may be in flight at a time, >= 1.
            parcel: What workers have to know about the run.
        """
        super().__init__(schedule, state, supervisor)
        self._pool = pool
        self._max_flights = max_flights
        self._parcel = parcel
        self._marks = parcel.marks
        self._mailbox = parcel.mailbox
        self._serial = 0
        self._boarding: int | None = None  # submitted and not yet noted as a flight
        self._bearers = 2 * pool.size()  # submissions that bring the packed run
        self._flights: dict[Future[Any], _Flight] = {}
        self._landed: SimpleQueue[Future[Any]] = SimpleQueue()
        self._barred: set[int] = set()
        self._broken: list[_Flight] = []
        self._break: BaseException | None = None
        self._breaks = 0

    def _go_on(self) -> None:
        while self._launch():
            arrivals = self._arrivals()
            self._fetch()  # what a task has emitted comes before its end
            self._land(arrivals)
            self._mind_loss()

    def _wind_up(self) -> None:
        self._stop()
        self._bar_last()
        wait_until_done(self._flights, self._sleep_in_the_end)
        self._land(list(self._flights))
        self._clear_marks()

    def _launch(self) -> bool:
        """Submit what can start, up to the limit; tell whether there is anything to wait for."""
        if self._break is not None:
            if self._flights:
                return True
            self._recover(self._break)
        ready = self._ready
        ready.extend(self._pauses.over(idle=not self._flights))
        while ready and self._break is None and len(self._flights) < self._max_flights:
            self._submit(ready.popleft(), first=True)
        return bool(self._flights or self._pauses or self._break)

    def _submit(self, task: Task[..., Any], *, first: bool) -> None:
        """Submit a task; if the executor is broken, the task counts as lost with it."""
        self._serial += 1
        self._bearers -= 1
        packed = self._parcel.packed if self._bearers >= 0 or not first else None
        self._boarding = self._serial
        again = self._supervisor.is_again(task)
        flight = _Flight(task, self._serial)
        luggage = self._supervisor.departs(task)
        try:
            future = self._pool.submit(
                perform, self._parcel.run, task.task_id, flight.serial, packed, again, luggage
            )
        except BrokenExecutor as error:
            self._boarding = None
            self._broken.append(flight)
            self._break = error
            return
        self._flights[future] = flight
        self._boarding = None
        future.add_done_callback(self._landed.put)
        if first:
            self._supervisor.departed(task)

    def _arrivals(self) -> list[Future[Any]]:
        """Return what has landed; wait for something, but not for long."""
        arrivals: list[Future[Any]] = []
        if not self._flights and not self._pauses:
            return arrivals
        with suppress(Empty):
            arrivals.append(self._landed.get(timeout=self._sleep()))
            while True:
                arrivals.append(self._landed.get_nowait())
        return arrivals

    def _sleep(self) -> float:
        """Return for how many seconds the run may sleep, unless something lands."""
        seconds = self._pauses.sleep()
        return seconds if self._mailbox is None else min(seconds, FETCHED_EVERY)

    def _sleep_in_the_end(self) -> float:
        """Let tasks go on that wait for room in the mailbox; then sleep as before."""
        with suppress(ChannelError):
            self._fetch()
        return self._sleep()

    def _fetch(self) -> None:
        """Report what tasks have emitted since the last time."""
        if self._mailbox is not None:
            self._mailbox.fetch(self._supervisor.emitted)

    def _land(self, arrivals: list[Future[Any]]) -> None:
        """Act on the replies."""
        answers = [(self._flights.pop(future), _answer(future)) for future in arrivals]
        arrivals.clear()  # a cluster reruns tasks of a dead worker while their futures exist
        done = {
            flight.task: answer.digest
            for flight, answer in answers
            if self._is_done(flight, answer) and isinstance(answer, Reply)
        }
        if done:
            self._supervisor.ended(done)
            if not self._stopped:
                for task in done:
                    self._schedule.done(task)

    def _is_done(self, flight: _Flight, answer: Reply | BaseException) -> bool:
        """Tell whether a task is done; if not, act on that."""
        barred = flight.serial in self._barred
        if barred and isinstance(answer, CancelledError):
            self._marks.leave(flight.serial)
        elif barred:
            self._marks.drop(flight.serial)
        if isinstance(answer, Reply):
            self._breaks = 0
            return self._settle(flight, answer, barred=barred)
        if isinstance(answer, BrokenExecutor):
            self._broken.append(flight)
            self._break = answer
        elif not barred:
            self._had_begun(flight)
            self._fail(flight.task, self._lost(flight.task, answer))
        return False

    def _settle(self, flight: _Flight, reply: Reply, *, barred: bool) -> bool:
        task = flight.task
        if reply.ending == Ending.DONE:
            if reply.data is not None:
                self._state.metadata[task.task_id] = reply.data
            return True
        if barred and reply.ending in (Ending.REPEATED, Ending.UNKNOWN):
            return False
        if reply.ending == Ending.UNKNOWN:
            if not self._stopped:
                self._submit(task, first=False)
        elif reply.ending == Ending.REPEATED:
            self._had_begun(flight)
            self._fail(task, self._lost(task, None))
        elif reply.ending == Ending.CRASHED:
            self._had_begun(flight)  # it may have been interrupted at any point
            self._collapse(raised(reply.data or b""))
        else:
            self._fail(task, raised(reply.data or b""))
        return False

    def _recover(self, cause: BaseException) -> None:
        """Continue after the executor broke, with a new one if the run may make one."""
        owned = self._pool.owned
        if owned and not self._stopped:
            self._pool.replace()
            self._bearers = 2 * self._pool.size()
        flights, self._broken, self._break = self._broken, [], None
        begun = {flight.task: None for flight in flights if self._had_begun(flight)}
        self._breaks = 0 if begun else self._breaks + 1
        for task in begun:
            self._fail(task, self._lost(task, cause), retry=owned)
        if self._stopped:
            return
        if not owned or self._breaks > _MOST_BREAKS:
            raise WorkflowStateError(
                f"the executor of workflow {self._state.workflow_name!r} is broken: {cause}"
                + ("" if owned else f"; {_OWN}"),
                workflow=self._state.workflow_name,
            ) from cause
        innocent = [flight.task for flight in flights if flight.task not in begun]
        self._ready.extendleft(reversed(innocent))

    def _had_begun(self, flight: _Flight) -> bool:
        """Tell whether a worker had begun with a submission that is over, and remove its mark."""
        begun = not self._take(flight.serial)
        self._marks.drop(flight.serial)
        return begun

    def _take(self, serial: int) -> bool:
        """Take a mark; one that can't be reached counts as taken by a worker."""
        try:
            return self._marks.take(serial)
        except ChannelError:
            return False

    def _stop(self) -> None:
        """Start nothing more, neither from here nor from the queue of an executor."""
        if self._stopped:
            return
        super()._stop()
        for future, flight in self._flights.items():
            if not future.done():
                self._bar(future, flight)

    def _bar(self, future: Future[Any], flight: _Flight) -> None:
        """Take the mark of a submission, so that it can't begin, unless it already has."""
        if self._take(flight.serial):
            self._barred.add(flight.serial)
            future.cancel()

    def _bar_last(self) -> None:
        """Bar a submission that was interrupted before it was noted as a flight.

        If a worker has already begun it, the mark is freed when the attempt is over. Shutting down
        an executor waits for that anyway. One that stays open is asked in the meantime whether it
        is broken.
        """
        serial, noted = self._boarding, {flight.serial for flight in self._flights.values()}
        if serial is None or serial in noted:
            return
        question: Future[Any] | None = None
        while not self._take(serial):
            if self._pool.owned:
                return
            sleep(ALERT)
            try:
                if question is None or question.done():
                    question = self._pool.submit(int)
            except RuntimeError:  # a `BrokenExecutor`, or it was shut down
                self._marks.drop(serial)
                return
        self._marks.leave(serial)

    def _clear_marks(self) -> None:
        """Remove the marks of tasks that were running when the executor broke."""
        for flight in self._broken:
            self._had_begun(flight)

    def _lost(self, task: Task[..., Any], cause: BaseException | None) -> WorkerLostError:
        advice = "allow more attempts with @task(max_retries=...)"
        if not self._pool.owned and isinstance(cause, BrokenExecutor):
            advice = f"{_OWN}, and {advice}"
        lost = WorkerLostError(
            f"the worker of task {task.task_id!r} died before the task had ended; what the task "
            f"has stored so far stays; to have it retried elsewhere, {advice}",
            workflow=self._state.workflow_name,
            task=task.task_id,
        )
        lost.__cause__ = cause
        RUN.warning(
            "The worker of task %r died before the task had ended",
            task.task_id,
            extra={"run_id": self._state.run_id, "task_id": task.task_id},
        )
        return lost


def _answer(future: Future[Any]) -> Reply | BaseException:
    """Return the reply to a submission that is over, or the error that came instead."""
    if future.cancelled():
        return CancelledError()
    error = future.exception()
    if error is not None:
        return error
    reply: Reply = future.result()
    return reply
