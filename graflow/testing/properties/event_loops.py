"""Properties of the face for event loops that threads don't have: cancellation, and waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_transaction import AsyncTransaction
from graflow.exceptions import ChannelTimeoutError
from graflow.testing.budget import Budget
from graflow.testing.edges.holders.contenders import Unfinished, in_thread
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.trials.trial import Trial

__all__ = [
    "check_cancelled_changes",
    "check_cancelled_waits",
    "check_tasks_at_once",
    "check_waiting_tasks",
]

_TURNS = 20  # of the loop until an operation is cancelled, at most; most take fewer
_TASKS = 20  # at once
_LATE = 0.002  # seconds in which a change that comes late would arrive
_LONG = 20.0  # seconds for which a lock is waited for
_HANGS = 300.0  # seconds for all of it


async def _transact(face: AsyncChannel) -> None:
    async def change(tx: AsyncTransaction) -> None:
        await tx.set("sum", await tx.get("sum") + 1)
        await tx.append("list", 1)

    await face.transact(change)


_CHANGES: dict[str, Callable[[AsyncChannel], Awaitable[Any]]] = {
    "atomic_add": lambda face: face.atomic_add("sum"),
    "append": lambda face: face.append("list", 1),
    "update": lambda face: face.update("sum", lambda value: value + 1),
    "set_many": lambda face: face.set_many({"sum": 1, "list": [1]}),
    "transact": _transact,
}
_BOTH = ("set_many", "transact")


def check_cancelled_changes(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Cancel changes at each of their awaits: each has happened once, or never will."""
    with Trial(harness, "a change has happened by then, or never will") as trial:
        channel = trial.open("job")

        async def look(face: AsyncChannel, name: str, turns: int) -> None:
            channel.set_many({"sum": 0, "list": []})
            is_done = await _cancel(_CHANGES[name](face), turns)
            found = channel.get_many(["sum", "list"])
            await asyncio.sleep(_LATE)
            trial.note(f"# {name}, cancelled after {turns} turns of the loop: {found}")
            trial.require(channel.get_many(["sum", "list"]) == found, "it does not happen later")
            done = found["sum"], len(found["list"])
            trial.require(max(done) <= 1, "it happens once")
            trial.require(name not in _BOTH or done[0] == done[1], "nothing is half done")
            trial.require(max(done) == 1 or not is_done, "it returns when it has happened")
            await face.set("sum", 7)
            trial.require(await face.get("sum") == 7, "the next operation gets its own answer")

        async def main(face: AsyncChannel) -> None:
            for name in _CHANGES:
                for turns in range(_TURNS):
                    await look(face, name, turns)

        _run(harness, trial, main)


def check_cancelled_waits(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Cancel those who wait for a lock, also as it becomes free: it is free afterwards."""
    clause = "A wait for a lock that is cancelled leaves no lock and no place in the queue"
    with Trial(harness, clause) as trial:

        async def look(face: AsyncChannel, turns: int) -> None:
            held = await face.lock("lock").acquire()
            waits = asyncio.ensure_future(face.lock("lock", timeout=_LONG).acquire())
            for _ in range(turns):
                await asyncio.sleep(0)
            await held.release()
            is_held = not await _cancel(waits, turns % 3)
            if not is_held:
                await waits.result().release()
            try:
                taken = await face.lock("lock", timeout=_LONG).acquire()
            except ChannelTimeoutError as error:
                trial.require(False, "nobody holds it any more", error)
            else:
                await taken.release()

        async def main(face: AsyncChannel) -> None:
            for turns in range(_TURNS):
                await look(face, turns)

        _run(harness, trial, main)


def check_waiting_tasks(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let tasks of one thread wait for a lock of another one, which goes on meanwhile."""
    clause = "A task that waits for a lock lets others go on, those of its own thread included"
    with Trial(harness, clause) as trial:

        async def take(face: AsyncChannel, inside: list[int], number: int) -> None:
            async with face.lock("lock", timeout=_LONG):
                inside.append(number)
                for _ in range(3):
                    await asyncio.sleep(0)
                inside.append(number)

        async def main(face: AsyncChannel) -> None:
            inside: list[int] = []
            async with face.lock("lock"):
                tasks = [asyncio.create_task(take(face, inside, number)) for number in range(4)]
                for _ in range(10):
                    await asyncio.sleep(0.001)
                trial.require(not inside, "it has one holder at a time")
            await asyncio.gather(*tasks)
            trial.require(inside[::2] == inside[1::2], "it has one holder at a time")
            trial.require(sorted(inside[::2]) == [0, 1, 2, 3], "each of them gets it")

        _run(harness, trial, main)


def check_tasks_at_once(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let tasks change the same keys at once: none is lost, and nobody sees a part of a change."""
    with Trial(harness, "Every operation is atomic and linearizable per key") as trial:

        async def move(tx: AsyncTransaction) -> None:
            await tx.set("from", await tx.get("from") - 1)
            await tx.set("to", await tx.get("to") + 1)

        async def look(face: AsyncChannel) -> None:
            for _ in range(_TASKS):
                found = await face.get_many(["from", "to"])
                trial.require(sum(found.values()) == 0, "nobody ever sees a part of a commit")

        async def add(face: AsyncChannel) -> None:
            await face.update("sum", lambda value: value + 1, default=0)
            await face.atomic_add("sum")
            await face.append("list", 1)

        async def main(face: AsyncChannel) -> None:
            await face.set_many({"from": 0, "to": 0})
            moves = [face.transact(move) for _ in range(_TASKS)]
            await asyncio.gather(look(face), *moves, *(add(face) for _ in range(_TASKS)))
            trial.require(await face.get("to") == _TASKS, "each transaction happens once")
            trial.require(await face.get("sum") == 2 * _TASKS, "each update happens once")
            trial.require(len(await face.get("list")) == _TASKS, "each append happens once")
            popped = await asyncio.gather(*(face.pop("list") for _ in range(_TASKS)))
            trial.require(popped == [1] * _TASKS, "each item is popped once")

        _run(harness, trial, main)


async def _cancel(operation: Awaitable[Any], turns: int) -> bool:
    """Cancel an operation after some turns of the loop; tell whether it came to its end."""
    task = asyncio.ensure_future(operation)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
        return True
    return False


def _run(
    harness: Harness, trial: Trial, main: Callable[[AsyncChannel], Coroutine[Any, Any, None]]
) -> None:
    """Run a coroutine on a loop of its own, in a thread that may be given up."""
    opened = harness.open_async
    assert opened is not None

    async def with_face() -> None:
        await main(opened(trial.name("job")))

    error = in_thread(lambda: asyncio.run(with_face()), _HANGS)
    trial.require(not isinstance(error, Unfinished), "no operation blocks the loop for ever")
    if error is not None:
        raise error
