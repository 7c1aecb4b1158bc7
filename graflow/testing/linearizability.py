"""Linearizability: a search for an order in which operations could have happened one at a time.

    def add(state: int, amount: int) -> tuple[int, int]:    # the model: what one call does
        return state + amount, state + amount

    recorder = Recorder("worker 1")                         # one in each thread or process
    recorder.do(3, lambda: channel.atomic_add("key", 3))
    ...
    verdict = check([*recorder.history, *others], add, 0)
    assert verdict, verdict

The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the
memory of Lowe ("Testing for linearizability", 2017): each set of completed operations, with the
state that they left, is examined once. A history of many keys is checked one key at a time, or one
group of keys where operations are about several at once, if `check` is told of which keys a call
is: that is as strict (Herlihy and Wing, "Linearizability", 1990, theorem 1) and much faster.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any, Generic, TypeVar

from graflow.exceptions import ChannelUnavailableError, OutcomeUnknownError

__all__ = ["Operation", "Recorder", "Undecided", "Verdict", "check"]

State = TypeVar("State", bound=Hashable)
Step = Callable[[State, Any], tuple[State, Any]]
"""A sequential model: takes a state and a call, returns the next state and the call's result."""

_SHOWN = 8  # operations of an order in the text of a verdict
_COST = 10  # steps back tried before assuming that an unanswered operation has happened


@dataclass(frozen=True, slots=True)
class Operation:
    """One call in a history. It can be pickled if its call and its result can.

    Attributes:
        process: The caller, as a verdict names it.
        call: The call, as the model takes it.
        invoked: When it began, by `time.monotonic_ns()`, which all processes of a machine share.
        returned: When it was answered; `None` if it never was. It may then have taken effect
            once, at any moment since it began, or not at all.
        result: The answer; meaningless if there was none.
    """

    process: str
    call: Any
    invoked: int
    returned: int | None = None
    result: Any = None

    def __str__(self) -> str:
        """Show the caller, the call and the answer."""
        answer = "?" if self.returned is None else repr(self.result)
        return f"{self.process}: {self.call!r} -> {answer}"


class Recorder:
    """A recorder of the operations of one thread, which calls them one at a time.

    Attributes:
        history: The operations so far; pass it to the process that checks them all.
    """

    def __init__(self, process: str) -> None:
        """Begin an empty history.

        Args:
            process: A name for the caller.
        """
        self.history: list[Operation] = []
        self._process = process

    def do(self, call: Any, perform: Callable[[], Any]) -> Any:
        """Perform a call and return its result, or `None` if there was no answer.

        An `OutcomeUnknownError` is recorded as an operation without an answer. A
        `ChannelUnavailableError`, which promises that nothing was executed, is not recorded.

        Args:
            call: The call, as the model takes it.
            perform: Makes the call.
        """
        invoked = time.monotonic_ns()
        try:
            result = perform()
        except ChannelUnavailableError:
            return None
        except OutcomeUnknownError:
            self.history.append(Operation(self._process, call, invoked))
            return None
        returned = time.monotonic_ns()
        self.history.append(Operation(self._process, call, invoked, returned, result))
        return result


class Undecided(Exception):
    """The search gave up at its limit; the history may or may not be linearizable."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a history; it is true if the history is linearizable.

    Attributes:
        order: The longest order found in which the model gives the same results. It contains those
            unanswered operations that must have taken effect.
        stuck: The operations of which one had to come next, and none could; empty if the history
            is linearizable.
        expected: What each of `stuck` would have returned there, according to the model.
    """

    order: tuple[Operation, ...]
    stuck: tuple[Operation, ...] = ()
    expected: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return not self.stuck

    def __str__(self) -> str:
        """Show where the longest order ends, and why nothing could follow."""
        if not self.stuck:
            return f"linearizable: {len(self.order)} operations have an order"
        lines = [f"not linearizable: the longest order found has {len(self.order)} operations"]
        if len(self.order) > _SHOWN:
            lines.append("  ...")
        lines += [f"  {operation}" for operation in self.order[-_SHOWN:]]
        lines.append("and none of these can follow:")
        lines += [
            f"  {operation}, where one at a time gives {expected!r}"
            for operation, expected in zip(self.stuck, self.expected, strict=True)
        ]
        return "\n".join(lines)


def check(
    history: Iterable[Operation],
    step: Step[State],
    start: State,
    *,
    same: Callable[[Any, Any], bool] = operator.eq,
    keys: Callable[[Any], Iterable[Hashable] | None] | None = None,
    limit: int = 1_000_000,
) -> Verdict:
    """Look for an order that agrees with the model and with the times of the operations.

    An operation that was answered before another began comes before it. Operations at the
    same instant may come in either order.

    Args:
        history: Operations of all processes, in any order.
        step: The model. It returns a new state, and does not change the one that it is given.
        start: The state before the first operation; states are hashable.
        same: Tells whether a result is the one that the model gives.
        keys: Returns the keys that a call is about, or `None` for all of them. Operations that have
            no key in common, not even by way of others, are checked apart; so the model must not
            let a call depend on other keys. The order in the verdict is one group after the other.
        limit: How many times the model may be asked, at most, for each group.

    Raises:
        Undecided: The limit was reached. A history with many unanswered operations takes long.
    """
    order: list[Operation] = []
    for group in [list(history)] if keys is None else _apart(history, keys):
        verdict = _Search(group, step, same, limit).run(start)
        if not verdict:
            return verdict
        order += verdict.order
    return Verdict(tuple(order))


def _apart(
    history: Iterable[Operation], keys: Callable[[Any], Iterable[Hashable] | None]
) -> list[list[Operation]]:
    """Return the operations in groups that share no key."""
    operations = list(history)
    groups: list[tuple[set[Hashable], list[Operation]]] = []
    for operation in operations:
        about = keys(operation.call)
        if about is None:
            return [operations]
        mine = (set(about), [operation])
        for other in [each for each in groups if each[0] & mine[0]]:
            groups.remove(other)
            mine = (mine[0] | other[0], other[1] + mine[1])
        groups.append(mine)
    return [group for _, group in groups]


@dataclass(frozen=True, slots=True, eq=False)
class _Path(Generic[State]):
    """A state, and the operations that led to it.

    Attributes:
        done: The answered ones among them, as a bit set.
        used: The unanswered ones among them, as a bit set.
        last: The last operation, and the path before it.
    """

    state: State
    done: int = 0
    used: int = 0
    last: tuple[Operation, _Path[State]] | None = None

    def order(self) -> list[Operation]:
        """Return the operations in their order."""
        order = []
        last = self.last
        while last is not None:
            order.append(last[0])
            last = last[1].last
        return order[::-1]


class _Search(Generic[State]):
    """A walk from path to path, the most promising first."""

    def __init__(
        self,
        history: list[Operation],
        step: Step[State],
        same: Callable[[Any, Any], bool],
        limit: int,
    ) -> None:
        history.sort(key=lambda operation: operation.invoked)
        self.answered = [each for each in history if each.returned is not None]
        self.ends = [each.returned for each in history if each.returned is not None]
        self.lost = [each for each in history if each.returned is None]
        self.step = step
        self.same = same
        self.limit = limit
        self.seen: dict[tuple[int, State], list[int]] = {}
        self.queue: list[tuple[int, int, bool, _Path[State]]] = []
        self.numbers = count(0, -1)

    def run(self, start: State) -> Verdict:
        """Walk until all answered operations have their places, or there is nowhere to go."""
        best = _Path(start)
        self.visit(best)
        while self.queue:
            cost, _, is_second_visit, path = heappop(self.queue)
            if is_second_visit:
                self.follow_lost(path)
                continue
            if path.done.bit_count() > best.done.bit_count():
                best = path
            if best.done.bit_count() == len(self.answered):
                break
            heappush(self.queue, (cost + _COST, next(self.numbers), True, path))
            self.follow_answered(path)
        return self.describe(best)

    def visit(self, path: _Path[State]) -> None:
        """Queue a path, unless an earlier one can do everything that it can."""
        rivals = self.seen.setdefault((path.done, path.state), [])
        if not any(used & path.used == used for used in rivals):
            rivals.append(path.used)
            cost = _COST * path.used.bit_count() - path.done.bit_count()
            heappush(self.queue, (cost, next(self.numbers), False, path))

    def follow_answered(self, path: _Path[State]) -> None:
        """Visit the paths that answered operations lead to."""
        for index in self.next_answered(path.done):
            operation = self.answered[index]
            state, result = self.ask(path, operation)
            if self.same(operation.result, result):
                done = path.done | 1 << index
                self.visit(_Path(state, done, path.used, (operation, path)))

    def follow_lost(self, path: _Path[State]) -> None:
        """Visit the paths that unanswered operations lead to."""
        horizon = min(self.ends[index] for index in self.next_answered(path.done))
        tried: list[Any] = []
        for index, operation in enumerate(self.lost):
            # Of equal calls, the one that began first can stand in for the others.
            if path.used >> index & 1 or operation.call in tried:
                continue
            if operation.invoked > horizon:
                break
            tried.append(operation.call)
            state, _ = self.ask(path, operation)
            if state != path.state:  # else it need not happen at all
                used = path.used | 1 << index
                self.visit(_Path(state, path.done, used, (operation, path)))

    def next_answered(self, done: int) -> Iterator[int]:
        """Yield the answered operations that no other has to precede."""
        index = (~done & done + 1).bit_length() - 1
        horizon: float = inf
        while index < len(self.answered) and self.answered[index].invoked <= horizon:
            if not done >> index & 1:
                yield index
                horizon = min(horizon, self.ends[index])
            index += 1

    def ask(self, path: _Path[State], operation: Operation) -> tuple[State, Any]:
        self.limit -= 1
        if self.limit < 0:
            total = len(self.answered) + len(self.lost)
            raise Undecided(f"no order was found within the limit for {total} operations")
        return self.step(path.state, operation.call)

    def describe(self, best: _Path[State]) -> Verdict:
        """Return how far an order got, and what each operation would have had to return next."""
        stuck = [self.answered[index] for index in self.next_answered(best.done)]
        expected = [self.step(best.state, operation.call)[1] for operation in stuck]
        return Verdict(tuple(best.order()), tuple(stuck), tuple(expected))
