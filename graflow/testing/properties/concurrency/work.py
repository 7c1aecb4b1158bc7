"""The work of one worker in a round: calls of a workload, one after the other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graflow.channels.base import Channel
from graflow.exceptions import OutcomeUnknownError
from graflow.testing.linearizability import Operation, Recorder
from graflow.testing.properties.concurrency.workload import WORKLOADS, Call, Workload
from graflow.testing.workers.meeting import Seat
from graflow.testing.workers.pauses import InnerPauses

__all__ = ["Failed", "Work", "Worker", "at_work"]

_CALLS = 25  # of each worker in a round
_PAUSED = 0.5  # of the calls


class Failed(Exception):
    """An operation of a worker raised what it must not raise. It survives pickling.

    Attributes:
        worker: The worker.
        call: The call.
        error: What was raised.
    """

    def __init__(self, worker: str, call: Call, error: Exception) -> None:
        """Say which call of which worker raised what."""
        super().__init__(worker, call, error)
        self.worker = worker
        self.call = call
        self.error = error

    def __str__(self) -> str:
        return f"{self.worker}: {self.call!r} raised {type(self.error).__name__}: {self.error}"


@contextmanager
def at_work(channel: Channel, seat: Seat, *, is_own: bool) -> Iterator[None]:
    """Let a worker begin together with the others, and tell them when it has ended.

    Args:
        channel: The worker's handle.
        seat: Its seat in the meeting of all.
        is_own: Whether to close the handle at the end.
    """
    try:
        channel.keys()  # opens a connection
        seat.arrive()
        yield
    finally:
        seat.end()
        if is_own:
            channel.close()


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker in one round. It can be pickled if its channel can.

    Attributes:
        channel: The worker's handle.
        worker: The worker's name.
        seed: Determines what the workers of a round do, and where they pause.
        least: For how many seconds a pause lasts in which the others can't go on.
        is_own: Whether to close the handle at the end.
    """

    channel: Channel
    worker: str
    seed: int
    least: float
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Work(Worker):
    """The calls of one worker in one round.

    Attributes:
        workload: The name of the workload.
    """

    workload: str = field(kw_only=True)

    def __call__(self, seat: Seat) -> list[Operation]:
        """Call operations one after the other, and return their history.

        Raises:
            Failed: An operation raised what it must not raise.
        """
        chosen = WORKLOADS[self.workload]
        chance = random.Random(f"{self.seed} {self.worker}")
        pauses = InnerPauses(seat, chance, self.least)
        recorder = Recorder(self.worker)
        with at_work(self.channel, seat, is_own=self.is_own):
            for number in range(_CALLS):
                call = (
                    chance.choice(chosen.kinds),
                    f"{self.worker}.{number}",
                    chance.randint(1, 3),
                )
                perform = partial(self._perform, chosen, call)
                if chance.random() < _PAUSED:
                    recorder.do(call, partial(pauses.inside, call[0], perform))
                else:
                    recorder.do(call, partial(pauses.without, perform))
                seat.step()
        return recorder.history

    def _perform(self, chosen: Workload, call: Call) -> Any:
        try:
            return chosen.perform(self.channel, call)
        except OutcomeUnknownError:
            raise
        except Exception as error:
            raise Failed(self.worker, call, error) from error
