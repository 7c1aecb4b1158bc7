"""Wakers of coroutines: what ends a wait, and how exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

from typing_extensions import override

from graflow.system.wakers import LoopWaker

Ts = TypeVarTuple("Ts")

STEP = 0.01
"""Seconds that pass between two looks at the clock, in a loop that is slow."""


class SlowLoop(asyncio.SelectorEventLoop):
    """A loop as Pyodide's, which refuses timers that are over, on a machine that is slow."""

    looks = 0

    @override
    def time(self) -> float:
        self.looks += 1
        return super().time() + self.looks * STEP

    @override
    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return super().call_at(self.time() + delay, callback, *args, context=context)

    @override
    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        if when < self.time():
            raise ValueError("Can't schedule in the past")
        return super().call_at(when, callback, *args, context=context)


def run(main: Callable[[], Any]) -> Any:
    """Run a coroutine on a slow loop."""
    with asyncio.Runner(loop_factory=SlowLoop) as runner:
        return runner.run(main())


def test_waits_that_are_over_at_once() -> None:
    """However short they are, they end as those do that nobody wakes."""

    async def main() -> list[bool]:
        waker = LoopWaker()
        return [await waker.wait(part * STEP / 4) for part in range(-1, 20)]

    assert not any(run(main))


def test_a_wake_ends_one_wait() -> None:
    """The one under way, or else the next one, which may be over at once."""

    async def main() -> list[bool]:
        waker = LoopWaker()
        waker.wake()
        before = [await waker.wait(None), await waker.wait(0)]
        waiting = asyncio.create_task(waker.wait(None))
        await asyncio.sleep(0)
        waker.wake()
        return [*before, await waiting, await waker.wait(0)]

    assert run(main) == [True, False, True, False]


def test_a_wait_that_is_cancelled_leaves_the_next_one_alone() -> None:
    """Its own end does not end that, and a wake in between does."""

    async def main() -> bool:
        waker = LoopWaker()
        loop = asyncio.get_running_loop()
        waiting = asyncio.create_task(waker.wait(0))
        await asyncio.sleep(0)
        loop.call_soon(waiting.cancel)
        await asyncio.wait([waiting])
        loop.call_later(STEP, waker.wake)
        return await waker.wait(None)

    assert run(main)
