"""Combined writes and replies of many coroutines, cut and halved at any place by the network."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from itertools import repeat
from typing import Any, NamedTuple

import pytest

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelUnavailableError, OutcomeUnknownError
from graflow.system.cancellations import result_of
from tests.channels.redis.asynchronous.steps import on_loop
from tests.hazards import Hazard, MessageProxy, Trouble, is_script
from tests.patience import PATIENCE
from tests.servers import Server, run_server

WORKERS = 30  # each appends, adds, sets and pops at the same time as all others
ROUNDS = 4
NONE = object()  # in place of a result: it has not happened, and never will
EITHER = object()  # it has happened once, or never will


@pytest.fixture
def direct(emptied: Server) -> Iterator[RedisChannel]:
    """The channel by a way without trouble."""
    with RedisChannel("c", url=emptied.url) as channel:
        yield channel


class Called(NamedTuple):
    """What became of a call.

    Attributes:
        what: The operation.
        number: The worker's number, which is what it appends and sets.
        result: What it returned, also where it was cancelled too late; or `NONE`, or `EITHER`.
    """

    what: str
    number: int
    result: Any


async def outcome_of(call: Awaitable[Any]) -> Any:
    """Return the result of a call, or what is known in its place."""
    try:
        return await call
    except asyncio.CancelledError as cancelled:
        if isinstance(cancelled.__cause__, OutcomeUnknownError):
            return EITHER
        found = result_of(cancelled, NONE)  # as the server gave it
        return int(found) if isinstance(found, bytes) else found
    except ChannelUnavailableError:
        return NONE
    except OutcomeUnknownError:
        return EITHER


async def never(call: Coroutine[Any, Any, Any]) -> Any:
    """Await a call that nobody cancels."""
    return await outcome_of(call)


class Cancelling:
    """Awaits some calls as one that gives them up, after some turns of the loop or some time."""

    def __init__(self) -> None:
        """Begin with the first call."""
        self._chance = random.Random(11)

    async def __call__(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Return the outcome of a call that may be given up."""
        task = asyncio.create_task(outcome_of(call))
        match self._chance.randrange(4):
            case 0:
                for _ in range(self._chance.randrange(12)):
                    await asyncio.sleep(0)
                task.cancel()
            case 1:
                await asyncio.wait([task], timeout=self._chance.uniform(0, 0.01))
                task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            call.close()  # it had not begun
            return NONE


Waits = Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]


async def work(face: AsyncChannel, waits: Waits) -> list[Called]:
    """Let all workers call at once, several times, and return what became of each call."""
    called: list[Called] = []

    async def one(what: str, number: int, call: Coroutine[Any, Any, Any]) -> None:
        called.append(Called(what, number, await waits(call)))

    for turn in range(ROUNDS):
        async with asyncio.TaskGroup() as group:
            for worker in range(WORKERS):
                number = turn * WORKERS + worker
                calls = {
                    "append": face.append("log", number),
                    "add": face.atomic_add("sum", 1),
                    "set": face.set(f"key {worker}", number),
                    "pop": face.pop("queue", None),
                    "get": face.get(f"own {worker}"),
                }
                for what, call in calls.items():
                    group.create_task(one(what, number, call))
    return called


def fill(direct: RedisChannel) -> None:
    """Let every worker have something to get, and more than all of them can pop."""
    direct.set_many({f"own {worker}": [worker] for worker in range(WORKERS)})
    direct.set("queue", list(range(2 * WORKERS * ROUNDS)))
    direct.set("sum", 0)


def check(direct: RedisChannel, called: list[Called]) -> None:
    """Check that everything has happened once that was answered, and nothing that was not."""
    by_what: dict[str, list[Called]] = {}
    for each in called:
        by_what.setdefault(each.what, []).append(each)
    assert {what: len(of) for what, of in by_what.items()} == dict.fromkeys(
        ("append", "add", "set", "pop", "get"), WORKERS * ROUNDS
    )
    log = direct.get("log", [])
    check_appends(log, by_what["append"])
    check_sums(direct.get("sum"), [each.result for each in by_what["add"]])
    check_pops(direct.get("queue", []), [each.result for each in by_what["pop"]])
    for worker in range(WORKERS):
        of_worker = [each for each in by_what["set"] if each.number % WORKERS == worker]
        check_sets(direct.get(f"key {worker}", NONE), sorted(of_worker, key=lambda c: c.number))
    for each in by_what["get"]:
        assert each.result in (NONE, EITHER) or each.result == [each.number % WORKERS]


def check_appends(log: list[int], appends: list[Called]) -> None:
    """Each item is in the list once, at the place that the call returned."""
    assert max(Counter(log).values(), default=1) == 1
    left = set(log)
    for each in appends:
        if each.result is NONE:
            assert each.number not in left
        elif each.result is not EITHER:
            assert log[each.result - 1] == each.number
        left.discard(each.number)
    assert not left


def check_sums(total: int, sums: list[Any]) -> None:
    """Each addition was made once, and returned a sum that no other one did."""
    known = [each for each in sums if each is not NONE and each is not EITHER]
    assert len(set(known)) == len(known)
    assert set(known) <= set(range(1, total + 1))
    assert len(known) <= total <= len(known) + sums.count(EITHER)


def check_pops(left: list[int], popped: list[Any]) -> None:
    """Each item is left or was popped, once, and none was lost but those of open outcome."""
    known = [each for each in popped if each is not NONE and each is not EITHER]
    found = Counter(known) + Counter(left)
    assert set(found.values()) <= {1}
    lost = 2 * WORKERS * ROUNDS - len(found)
    assert 0 <= lost <= popped.count(EITHER)
    assert left == sorted(left)


def check_sets(value: Any, sets: list[Called]) -> None:
    """The latest value that was set for sure is there, or one whose outcome was open later."""
    possible: list[Any] = [NONE]
    for each in sets:
        if each.result is EITHER:
            possible.append(each.number)
        elif each.result is not NONE:
            possible = [each.number]
    assert value in possible


def run(url: str, waits: Waits, **settings: Any) -> list[Called]:
    """Work over a network, and return what became of the calls."""

    async def main() -> list[Called]:
        async with RedisChannel("c", url=url, **settings).aio as face:
            await face.get("warm")
            async with asyncio.timeout(PATIENCE):
                return await work(face, waits)

    return on_loop(main)


GAPS = (40, 1, 97, 0, 33, 64, 3, 150, 12, 25)
"""How many messages pass before each that trouble befalls: some at the beginning of what is written
together, others in its middle."""

TO_SERVER = [Trouble.CUT_BEFORE, Trouble.CUT_WITHIN, Trouble.HALVE]
TO_CLIENT = [*TO_SERVER, Trouble.NEWS_BEFORE]


@pytest.mark.parametrize("cancels", [False, True], ids=["", "cancelled"])
@pytest.mark.parametrize("trouble", TO_SERVER)
def test_commands(emptied: Server, direct: RedisChannel, trouble: Trouble, cancels: bool) -> None:
    """The server gets some of those that were written together, whole, and half of the next."""
    fill(direct)
    hazard = Hazard(trouble, GAPS, is_script)
    with MessageProxy(emptied, commands=hazard) as proxy:
        called = run(proxy.url, Cancelling() if cancels else never, timeout=60)
    assert hazard.befallen == len(GAPS) or (cancels and hazard.befallen)
    assert cancels or not any(each.result in (NONE, EITHER) for each in called)
    check(direct, called)


@pytest.mark.parametrize("cancels", [False, True], ids=["", "cancelled"])
@pytest.mark.parametrize("trouble", TO_CLIENT)
def test_replies(emptied: Server, direct: RedisChannel, trouble: Trouble, cancels: bool) -> None:
    """Some of those that come together are received, and half of the next."""
    fill(direct)
    hazard = Hazard(trouble, GAPS)
    with MessageProxy(emptied, replies=hazard) as proxy:
        waits = Cancelling() if cancels else never
        called = run(proxy.url, waits, timeout=60, protocol=3)
    assert hazard.befallen == len(GAPS) or (cancels and hazard.befallen)
    assert cancels or not any(each.result in (NONE, EITHER) for each in called)
    check(direct, called)


def test_both_ways(emptied: Server, direct: RedisChannel) -> None:
    """Commands are cut while replies come in pieces."""
    fill(direct)
    commands = Hazard(Trouble.CUT_WITHIN, GAPS, is_script)
    replies = Hazard(Trouble.HALVE, repeat(5))
    with MessageProxy(emptied, commands, replies) as proxy:
        called = run(proxy.url, Cancelling(), timeout=60)
    assert commands.befallen
    assert replies.befallen
    check(direct, called)


@pytest.mark.parametrize("way", ["commands", "replies"])
def test_a_connection_that_falls_silent(emptied: Server, direct: RedisChannel, way: str) -> None:
    """In the middle of a message: what was asked on it runs out of time, and is asked again."""
    fill(direct)
    hazard = Hazard(Trouble.STALL_WITHIN, (100, 300), is_script if way == "commands" else bool)
    with MessageProxy(emptied, **{way: hazard}) as proxy:
        called = run(proxy.url, Cancelling(), timeout=60, socket_timeout=0.5)
    assert hazard.befallen
    check(direct, called)


@pytest.mark.parametrize("way", ["commands", "replies"])
def test_operations_whose_time_runs_out(emptied: Server, direct: RedisChannel, way: str) -> None:
    """What says that it has not happened never will, and what is open has happened once at most."""
    fill(direct)
    hazard = Hazard(Trouble.CUT_WITHIN, repeat(60), is_script if way == "commands" else bool)
    with MessageProxy(emptied, **{way: hazard}) as proxy:
        called = run(proxy.url, Cancelling(), timeout=0.3)
    assert hazard.befallen
    check(direct, called)


def test_what_waits_behind_a_large_value_is_withdrawn() -> None:
    """A change that is cancelled before its turn to be written never happens; its neighbours do."""
    with run_server("valkey-9") as server:

        async def main() -> None:
            async with RedisChannel("c", url=server.url, timeout=60).aio as face:
                await face.append("log", 0)  # the server knows the script now
                server.freeze()
                try:
                    large = asyncio.create_task(face.set("large", "x" * 20_000_000))
                    await asyncio.sleep(0)
                    appends = [asyncio.create_task(face.append("log", n)) for n in range(1, 81)]
                    await asyncio.sleep(0)
                    odds, evens = appends[::2], appends[1::2]
                    for each in evens:
                        each.cancel()
                    await asyncio.wait(evens)  # while the server says nothing
                finally:
                    server.thaw()
                await large
                assert await asyncio.gather(*odds) == list(range(2, 42))
                assert await face.get("log") == [0, *range(1, 80, 2)]

        on_loop(main)
