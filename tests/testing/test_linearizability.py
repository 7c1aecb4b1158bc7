"""The check of histories: what it accepts, what it rejects, and how long it takes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graflow.channels.memory_channel import MemoryChannel
from graflow.exceptions import ChannelUnavailableError, OutcomeUnknownError
from graflow.testing.linearizability import Operation, Recorder, Undecided, check
from tests.programs import apart

Call = tuple[str, Any]
Items = tuple[int, ...]
EMPTY: Items = ()


def register(state: int, call: Call) -> tuple[int, Any]:
    """Model a number that is written, read and added to."""
    name, number = call
    match name:
        case "set":
            return number, None
        case "add":
            return state + number, state + number
        case _:
            return state, state


def queue(state: Items, call: Call) -> tuple[Items, Any]:
    """Model a list that is appended to, popped from and read."""
    name, item = call
    match name:
        case "append":
            return (*state, item), len(state) + 1
        case "pop":
            return (state[1:], state[0]) if state else (state, None)
        case _:
            return state, state


def op(name: str, number: Any, invoked: int, returned: int | None, result: Any = None) -> Operation:
    """Make an operation of a nameless process."""
    return Operation("p", (name, number), invoked, returned, result)


def test_no_operation_is_a_history() -> None:
    """Nothing happened, in order."""
    assert check([], register, 0)


@pytest.mark.parametrize(
    "history",
    [
        [op("set", 1, 0, 1), op("get", None, 2, 3, 1)],
        # Two that overlap may come in either order.
        [op("set", 1, 0, 10), op("get", None, 1, 2, 0), op("get", None, 3, 4, 1)],
        [op("add", 1, 0, 10, 3), op("add", 2, 0, 10, 2)],
        # At the same instant too.
        [op("set", 1, 0, 5), op("get", None, 5, 6, 0)],
        # Without an answer it may have happened at once, late, or never.
        [op("add", 1, 0, None), op("get", None, 1, 2, 1)],
        [op("add", 1, 0, None), op("get", None, 1, 2, 0), op("get", None, 3, 4, 1)],
        [op("add", 1, 0, None), op("get", None, 1, 2, 0), op("get", None, 3, 4, 0)],
        # Each of them for itself.
        [op("add", 1, 0, None), op("add", 2, 0, None), op("get", None, 1, 2, 2)],
        [op("add", 1, 0, None), op("add", 1, 3, None), op("get", None, 1, 2, 1)],
    ],
)
def test_a_history_that_has_an_order_is_accepted(history: list[Operation]) -> None:
    """However it is shuffled."""
    for shuffled in permutations(history):
        verdict = check(shuffled, register, 0)
        assert verdict, verdict


@pytest.mark.parametrize(
    "history",
    [
        # A stale read, and one that sees the future.
        [op("set", 1, 0, 1), op("get", None, 2, 3, 0)],
        [op("get", None, 0, 1, 1), op("set", 1, 2, 3)],
        # A lost update.
        [op("add", 1, 0, 10, 1), op("add", 1, 0, 10, 1)],
        [op("add", 1, 0, 10, 1), op("add", 1, 0, 10, 2), op("get", None, 11, 12, 1)],
        # Two readers that disagree about the order of two writes.
        [
            op("set", 1, 0, 20),
            op("set", 2, 0, 20),
            op("get", None, 1, 2, 1),
            op("get", None, 3, 4, 2),
            op("get", None, 5, 6, 1),
        ],
        # Without an answer it happens once at most, and never before it began.
        [op("add", 1, 0, None), op("get", None, 1, 2, 2)],
        [op("add", 1, 3, None), op("get", None, 1, 2, 1)],
        [op("add", 1, 0, None), op("get", None, 1, 2, 1), op("get", None, 3, 4, 0)],
    ],
)
def test_a_history_without_an_order_is_rejected(history: list[Operation]) -> None:
    """However it is shuffled; the verdict says where it got stuck."""
    for shuffled in permutations(history):
        verdict = check(shuffled, register, 0)
        assert not verdict
        assert verdict.stuck
        assert len(verdict.order) < len(history)


def test_a_verdict_shows_what_could_not_follow() -> None:
    """The reader sees the order up to there, and what each operation should have returned."""
    history = [
        Operation("w1", ("append", 1), 0, 1, 1),
        Operation("w2", ("append", 2), 2, 3, 1),
    ]
    verdict = check(history, queue, EMPTY)
    assert str(verdict) == (
        "not linearizable: the longest order found has 1 operations\n"
        "  w1: ('append', 1) -> 1\n"
        "and none of these can follow:\n"
        "  w2: ('append', 2) -> 1, where one at a time gives 2"
    )
    assert str(check(history[:1], queue, EMPTY)) == "linearizable: 1 operations have an order"


def test_results_are_compared_as_asked() -> None:
    """By default with `==`; a stricter way sees that a type changed."""
    history = [op("add", 1, 0, 1, 1.0)]
    assert check(history, register, 0)
    assert not check(history, register, 0, same=lambda one, two: repr(one) == repr(two))


def test_a_search_is_given_up_at_its_limit() -> None:
    """Nothing is said about a history that would take too long."""
    history = [op("add", 2**number, 0, None) for number in range(20)]
    history += [op("get", None, 1, 2, -1)]
    with pytest.raises(Undecided, match="21 operations"):
        check(history, register, 0, limit=1000)


@settings(max_examples=1000, deadline=None)
@given(data=st.data())
def test_the_search_agrees_with_trying_all_orders(data: st.DataObject) -> None:
    """On small histories of every form, right and wrong ones."""
    times = st.integers(0, 8)
    history = []
    for _ in range(data.draw(st.integers(0, 5))):
        name = data.draw(st.sampled_from(["set", "add", "get"]))
        invoked, returned = sorted([data.draw(times), data.draw(times)])
        number = data.draw(st.integers(1, 2))
        result = None if name == "set" else data.draw(st.integers(0, 3))
        lost = data.draw(st.integers(0, 3)) == 0
        history.append(op(name, number, invoked, None if lost else returned, result))
    assert bool(check(history, register, 0)) == has_order(history)


def has_order(history: list[Operation]) -> bool:
    """Try all orders of all subsets that leave out lost operations."""
    lost = [each for each in history if each.returned is None]
    answered = [each for each in history if each.returned is not None]
    for chosen in range(1 << len(lost)):
        happened = answered + [each for bit, each in enumerate(lost) if chosen >> bit & 1]
        if any(map(is_order, permutations(happened))):
            return True
    return False


def is_order(order: tuple[Operation, ...]) -> bool:
    """Tell whether an order agrees with the times and the model."""
    state = 0
    for place, operation in enumerate(order):
        for later in order[place + 1 :]:
            if later.returned is not None and later.returned < operation.invoked:
                return False
        state, result = register(state, operation.call)
        if operation.returned is not None and operation.result != result:
            return False
    return True


KINDS = ("append", "append", "pop", "get", "append", "pop")


def simulate(seed: int, processes: int, calls: int, lost: float) -> list[Operation]:
    """Return the history of a true queue whose operations overlap as much as they can.

    Of each operation the beginning, the effect and the answer fall on moments of their own.
    """
    chance = random.Random(seed)
    state = EMPTY
    invoked: dict[int, int] = {}
    answers: dict[int, Any] = {}
    left = dict.fromkeys(range(processes), calls)
    doomed: set[int] = set()
    history: list[Operation] = []
    for now in count():
        if not left:
            return history
        process = chance.choice(list(left))
        call = (KINDS[(process + left[process]) % len(KINDS)], process * calls + left[process])
        if process not in invoked:
            invoked[process] = now
            if chance.random() < lost:
                doomed.add(process)
        elif process not in answers:
            answers[process] = None
            if process not in doomed or chance.random() < 0.5:
                state, answers[process] = queue(state, call)
        else:
            returned = None if process in doomed else now
            doomed.discard(process)
            start, answer = invoked.pop(process), answers.pop(process)
            history.append(Operation(f"p{process}", call, start, returned, answer))
            left[process] -= 1
            if not left[process]:
                del left[process]
    raise AssertionError("endless")


@pytest.mark.parametrize("lost", [0.0, 0.02])
@pytest.mark.parametrize("seed", range(5))
def test_eight_processes_with_fifty_operations_on_one_key(seed: int, lost: float) -> None:
    """The search decides in seconds, for a true history and for one with a wrong result."""
    history = simulate(seed, 8, 50, lost)
    started = time.process_time()  # other processes may slow it down
    verdict = check(history, queue, EMPTY)
    assert verdict, verdict
    wrong = next(at for at in range(200, 400) if history[at].call[0] == "append")
    history[wrong] = replace(history[wrong], returned=history[wrong].invoked, result=1000)
    assert not check(history, queue, EMPTY)
    assert time.process_time() - started < 30


def raising(error: Exception) -> Callable[[], Any]:
    """Return a function that raises `error`."""

    def call() -> Any:
        raise error

    return call


def test_a_recorder_writes_down_what_was_answered_and_what_may_have_happened() -> None:
    """What was not executed leaves no trace; any other error is the caller's."""
    recorder = Recorder("p")
    assert recorder.do(("add", 1), lambda: 5) == 5
    assert recorder.do(("add", 2), raising(OutcomeUnknownError("lost"))) is None
    assert recorder.do(("add", 3), raising(ChannelUnavailableError("down"))) is None
    with pytest.raises(ZeroDivisionError):
        recorder.do(("add", 4), raising(ZeroDivisionError()))
    answered, lost = recorder.history
    assert (answered.call, answered.result) == (("add", 1), 5)
    assert answered.returned is not None
    assert answered.invoked <= answered.returned
    assert (lost.call, lost.returned) == (("add", 2), None)
    assert str(lost) == "p: ('add', 2) -> ?"


def test_a_history_of_threads_on_a_channel_is_accepted() -> None:
    """A real channel, used by four threads at once."""
    channel = MemoryChannel()

    def work(worker: int) -> list[Operation]:
        recorder = Recorder(f"thread {worker}")
        for number in range(50):
            recorder.do(("add", number), partial(channel.atomic_add, "key", number))
        return recorder.history

    with ThreadPoolExecutor(4) as pool:
        histories = list(pool.map(work, range(4)))
    verdict = check([each for history in histories for each in history], register, 0)
    assert verdict, verdict


def in_process(worker: int) -> list[Operation]:
    """Record what no other process can see."""
    recorder = Recorder(f"process {worker}")
    recorder.do(("set", worker), lambda: None)
    return recorder.history


def test_histories_of_processes_share_one_clock() -> None:
    """What ended in one process before another began is before it in the whole history."""
    context = apart()
    with ProcessPoolExecutor(1, mp_context=context) as first:
        before = first.submit(in_process, 1).result()
    with ProcessPoolExecutor(1, mp_context=context) as second:
        after = second.submit(in_process, 2).result()
    read = Operation("p", ("get", None), time.monotonic_ns(), time.monotonic_ns(), 2)
    assert check([read, *after, *before], register, 0)
    stale = Operation("p", ("get", None), read.invoked, read.returned, 1)
    assert not check([stale, *after, *before], register, 0)


def pair(state: tuple[int, int], call: Call) -> tuple[tuple[int, int], Any]:
    """Model two numbers that are written and read together, and one at a time."""
    name, number = call
    match name:
        case "set both":
            return (number, number), None
        case "set x":
            return (number, state[1]), None
        case "get x":
            return state, state[0]
        case "get y":
            return state, state[1]
        case _:
            return state, state


ABOUT = {"set x": "x", "get x": "x", "get y": "y"}


def about(call: Call) -> str:
    """Return the keys that a call on the pair is about."""
    return ABOUT.get(call[0], "xy")


def test_a_torn_pair_is_rejected() -> None:
    """Each register alone has an order, and both together have none."""
    history = [
        op("set both", 1, 0, 10),
        op("get x", None, 1, 2, 1),
        op("get y", None, 3, 4, 0),
    ]
    assert check(history[1:], pair, (1, 0), keys=about)
    assert not check(history, pair, (0, 0), keys=about)
    assert not check(history, pair, (0, 0))
    history[1:] = [*history[2:], replace(history[1], invoked=5, returned=6)]
    assert check(history, pair, (0, 0), keys=about)


def test_keys_that_meet_nowhere_are_checked_apart() -> None:
    """As strictly, and in a time that grows with their number alone."""
    asked = 0

    def registers(state: int, call: Call) -> tuple[int, Any]:
        nonlocal asked
        asked += 1
        return register(state, (call[0][1:], call[1]))

    history = [
        op(f"{key}add", 1, 10 * at, 10 * at + 500, at + 1) for key in "abcdefgh" for at in range(8)
    ]
    apart_from_each_other = check(history, registers, 0, keys=lambda call: call[0][0])
    assert apart_from_each_other
    assert len(apart_from_each_other.order) == len(history)
    assert asked < 8 * 100
    history[-1] = replace(history[-1], result=7)
    verdict = check(iter(history), registers, 0, keys=lambda call: call[0][0])
    assert not verdict
    assert {each.call[0][0] for each in verdict.stuck} == {"h"}


@pytest.mark.parametrize("seed", range(20))
def test_groups_of_keys_are_as_strict_as_all_at_once(seed: int) -> None:
    """On random histories, most of which have no order."""
    chance = random.Random(seed)
    verdicts = set()
    for _ in range(40):
        history = []
        for number in range(7):
            name = chance.choice(["set both", "set x", "get x", "get y", "get both"])
            begun = chance.randrange(20)
            results = {"get x": chance.randrange(3), "get y": chance.randrange(3)}
            both = (chance.randrange(3), chance.randrange(3))
            result = results.get(name, both if name == "get both" else None)
            history.append(op(name, number % 3, begun, begun + chance.randrange(1, 12), result))
        verdict = bool(check(history, pair, (0, 0), keys=about))
        assert verdict == bool(check(history, pair, (0, 0)))
        assert verdict == bool(check(history, pair, (0, 0), keys=lambda _: None))
        verdicts.add(verdict)
    assert verdicts == {True, False} or seed
