"""Operations that are cancelled: each has happened once, or never will."""

from __future__ import annotations

import asyncio
import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import Mock

import pytest

from graflow import AsyncChannel, AsyncTransaction, Channel, MemoryChannel
from graflow.channels.commits.commit import Steps
from graflow.channels.locks import base_lock
from graflow.channels.operation.plain_operations import PlainOperations
from graflow.channels.operation.waiting_requests import Insist
from graflow.exceptions import ChannelUnavailableError

Operation = Callable[[AsyncChannel], Awaitable[Any]]


async def _commit(face: AsyncChannel) -> Any:
    async def both(tx: AsyncTransaction) -> None:
        value = await tx.get("value")
        await tx.set("value", value + 1)
        await tx.append("list", value)

    return await face.transact(both)


OPERATIONS: dict[str, Operation] = {
    "atomic_add": lambda face: face.atomic_add("value"),
    "update": lambda face: face.update("value", lambda value: value + 1),
    "append": lambda face: face.append("list", 0),
    "transact": _commit,
}


async def _cancelled(face: AsyncChannel, operation: Operation, turns: int, times: int) -> bool:
    """Cancel an operation after some turns of the loop; tell whether it came to its end."""
    task = asyncio.ensure_future(operation(face))
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True


def _state(channel: Channel) -> dict[str, Any]:
    return channel.get_many(["value", "list"])


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", OPERATIONS)
def test_it_happens_once_or_never(channel: Channel, name: str, times: int) -> None:
    """At whatever await it is cancelled; a further cancellation doesn't change that."""
    operation = OPERATIONS[name]
    happened = []

    async def main(face: AsyncChannel) -> None:
        for turns in range(25):
            channel.set("value", 0)
            channel.set("list", [])
            is_done = await _cancelled(face, operation, turns, times)
            after = _state(channel)
            time.sleep(0.002)  # the loop stands still, and what was sent would arrive
            assert _state(channel) == after
            assert after["value"] in (0, 1)
            assert len(after["list"]) in (0, 1)
            if name == "transact":
                assert after["value"] == len(after["list"])
            happened.append(max(after["value"], len(after["list"])))
            assert happened[-1] or not is_done
            channel.set("value", 5)
            assert await face.get("value") == 5  # its connection is as good as before

    asyncio.run(main(channel.aio))
    assert happened[0] == 0  # cancelled before it began


def test_neighbours_are_not_disturbed(channel: Channel) -> None:
    """Of a hundred reads and writes at once, some are cancelled; the others are answered."""

    async def main(face: AsyncChannel) -> None:
        for round_ in range(5):
            tasks = [asyncio.ensure_future(face.atomic_add("sum")) for _ in range(50)]
            reads = [asyncio.ensure_future(face.get("sum", 0)) for _ in range(50)]
            for _ in range(round_ * 2):
                await asyncio.sleep(0)
            for each in (*tasks[::3], *reads[::3]):
                each.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            read = await asyncio.gather(*reads, return_exceptions=True)
            is_cancelled = [isinstance(each, asyncio.CancelledError) for each in (*ended, *read)]
            kept = [n for n in range(100) if n % 50 % 3]
            assert not any(is_cancelled[n] for n in kept)
            answers = [each for each in ended if isinstance(each, int)]
            assert len(set(answers)) == len(answers)
            total = await face.get("sum")
            assert len(answers) <= total <= 50
            channel.delete("sum")

    asyncio.run(main(channel.aio))


def test_timeouts_of_asyncio(channel: Channel) -> None:
    """`asyncio.timeout` ends a wait for a lock, and says `TimeoutError` as always."""

    async def main(face: AsyncChannel) -> None:
        async with face.lock("lock"):

            async def wait() -> None:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await face.lock("lock", timeout=60).acquire()

            await asyncio.create_task(wait())
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(face.atomic_add("sum"))
        assert await face.get("sum") == 3

    asyncio.run(main(channel.aio))


def _up_to_insist(steps: Steps[Any], answers: Callable[[Any], Any]) -> CancelledError:
    """Perform an operation on a server that goes away just before it is to clean up."""
    step = next(steps)
    while not isinstance(step, Insist):
        answer = answers(step)
        throws = isinstance(answer, BaseException)
        step = steps.throw(answer) if throws else steps.send(answer)
    with pytest.raises(CancelledError) as raised:
        steps.throw(ChannelUnavailableError("the server is away"))
    return raised.value


def test_a_lock_that_may_be_taken_is_freed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the server is away when the wait for it is cancelled."""
    free_later = Mock()
    monkeypatch.setattr(base_lock, "free_later", free_later)
    channel = MemoryChannel("test")
    _up_to_insist(channel.lock("lock")._take(1.0), lambda step: CancelledError())
    free_later.assert_called_once()


def test_an_item_that_can_not_be_put_back(caplog: pytest.LogCaptureFixture) -> None:
    """The cancellation is raised, and says what became of it, as the log does."""
    steps = PlainOperations(MemoryChannel("test").backend)._take_or_leave("list")
    cancelled = _up_to_insist(steps, lambda step: ((b"1", 1), CancelledError()))
    assert isinstance(cancelled.__cause__, ChannelUnavailableError)
    assert "may be lost" in cancelled.__notes__[0]
    assert "may be lost" in caplog.text
