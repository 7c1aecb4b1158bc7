"""Steps of an operation: others look at the channel between them, or change it.

Two threads that race get between the steps of each other's operations by luck. Here an operation is
held up at every call that its code makes, of a function in Python or in C, while another handle
does something in a second thread. If that has to wait, for a mutex or a row that is locked, the
operation goes on. So an operation of several steps is found whatever else the machine does. Steps
that a server takes, or a thread of the backend's own, can't be held up; the workloads of threads
and processes are for those.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from typing import Any, NamedTuple, TypeVar

from graflow.channels.backend import (
    KEEP,
    Add,
    Backend,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Holds,
    KeysAre,
    Pop,
    Push,
    Put,
    StartsWith,
)
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.trials.trial import Trial

__all__ = [
    "check_changes",
    "check_checks",
    "check_deletes",
    "check_locks",
    "check_reads",
    "check_sights",
]

T = TypeVar("T")

_FIRST_WAIT = 0.03  # seconds in which others must have begun and ended, unless they have to wait
_NEXT_WAIT = 0.0002  # the same at the steps after, for those that had to wait
_LONG = 60.0  # seconds after which whoever waits is given up on
_MOST = 5_000  # times that others do something during one operation
_FEW = 400  # the same, where all of it is looked at in the end
_HOUR = 3_600_000  # ms
_LETS_GO = {"__exit__", "release", "commit", "rollback"}
"""Functions in C after which whoever had to wait may go on."""

_ATOMIC = "Every operation is atomic and linearizable per key"
_PART = "A commit happens all at once: nobody ever sees a part of it"
_MOMENT = "`get_many`, `set_many`, `keys` and `transact` are atomic over the channel"
_CHECKED = "Every change to a channel is one commit: checks, and changes that are made if all hold"
_EXCLUSION = "mutual exclusion among all handles in all processes"

_MANY = [f"key {number}" for number in range(130)]
_SEEN = (_MANY[0], _MANY[60], _MANY[-1], "key", "list", "new")


class _Between:
    """Does something in another thread at each step of this one."""

    def __init__(
        self, pool: ThreadPoolExecutor, act: Callable[[], object], every: int, most: int
    ) -> None:
        self._pool, self._act, self._every, self._most = pool, act, every, most
        self._steps = self._acts = 0
        self._going: Future[object] | None = None
        self.error: BaseException | None = None

    def step(self, _frame: object, event: str, arg: object) -> None:
        """Hold up the thread that takes a step, as a profiler would."""
        goes_on = event == "c_return" and getattr(arg, "__name__", "") in _LETS_GO
        if (event not in {"call", "c_call"} and not goes_on) or self._acts >= self._most:
            return
        if self._going is not None:
            wait([self._going], _FIRST_WAIT if goes_on else _NEXT_WAIT)
            if not self._going.done():
                return
            self.end()
        self._steps += 1
        if self._steps % self._every == 0:
            self._acts += 1
            self._going = self._pool.submit(self._act)
            wait([self._going], _FIRST_WAIT)

    def end(self) -> None:
        """Wait for what is going on, and keep what it raised."""
        if self._going is not None:
            self.error = self.error or self._going.exception(_LONG)
            self._going = None


def _step_by_step(
    act: Callable[[], T], others: Callable[[], object], every: int = 1, most: int = _MOST
) -> T:
    """Return what `act` returns, during which `others` is called at every so many steps."""
    with ThreadPoolExecutor(1) as pool:
        between, before = _Between(pool, others, every, most), sys.getprofile()
        sys.setprofile(between.step)
        try:
            result = act()
        finally:
            sys.setprofile(before)
            between.end()
    if between.error is not None:
        raise between.error
    return result


# What others see of a change


def _fill(backend: Backend, has_ttl: bool) -> None:
    backend.clear()
    ttl = _HOUR if has_ttl else None
    backend.commit(
        (), [Put("key", b"1"), Put("list", [b"1", b"2"], ttl), *(Put(key, b"0") for key in _MANY)]
    )


def _sights(has_ttl: bool) -> dict[str, Callable[[Backend], object]]:
    """Return changes, each of which is one to everybody else."""
    ttl, kept = (_HOUR, _HOUR) if has_ttl else (None, KEEP)
    commits: dict[str, list[Change]] = {
        "set a new key with a TTL": [Put("new", b"1", ttl)],
        "set a TTL with a new value": [Put("key", b"2", ttl)],
        "set a value that lasts": [Put("list", b"2")],
        "set a list": [Put("list", [b"3", b"4", b"5"], ttl)],
        "set many keys": [Put(key, b"1", ttl) for key in _MANY],
        "append to a list that lasts then": [
            Push("list", b"3"),
            *([Expire("list", None)] if has_ttl else []),
        ],
        "append to a new list with a TTL": [Push("new", b"1", kept)],
        "append two items": [Push("list", b"3", kept), Push("list", b"0", kept, at_head=True)],
        "pop the last item": [Pop("list"), Pop("list")],
        "move an item": [Pop("list"), Push("new", b"1", kept)],
        "add and delete": [Add("key", 1), Delete("list")],
    }
    changes: dict[str, Callable[[Backend], object]] = {
        name: lambda backend, made=made: backend.commit((), made)  # type: ignore[misc]
        for name, made in commits.items()
    }
    return {
        **changes,
        "put": lambda backend: backend.put("new", b"1", ttl),
        "apply a push": lambda backend: backend.apply(Push("new", b"1", kept)),
        "apply a put": lambda backend: backend.apply(Put("key", b"2", ttl)),
        "clear": lambda backend: backend.clear(),
        "if it holds": lambda backend: backend.commit(
            [Holds("key", b"1")], [Put("key", b"2", ttl), Put("new", b"2", ttl), Delete("list")]
        ),
    }


def check_sights(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Look at the channel between the steps of each kind of change: it happened or it did not."""
    has_ttl = "ttl" not in capabilities.unsupported
    for name, change in _sights(has_ttl).items():
        with Trial(harness, _PART) as trial:
            backend, other = trial.open("job").backend, trial.open("job", 1).backend
            _fill(backend, has_ttl)

            def look(other: Backend = other) -> Any:
                return [held and (held.record, held.left is not None) for held in other.read(_SEEN)]

            seen, before = [], look()
            trial.note(f"# {name}, while another handle looks at {_SEEN}")
            _step_by_step(lambda: change(backend), lambda: seen.append(look()))  # noqa: B023
            both = before, look()
            for each in seen:
                trial.require(
                    each in both,
                    f"others see what was there before, or what is there afterwards; {each!r} is "
                    f"neither {both[0]!r} nor {both[1]!r}",
                )


# Changes that meet


class _Meeting(NamedTuple):
    """The same change, made by many at once.

    Attributes:
        start: Comes before.
        change: Is made by everybody.
        agrees: Tells whether all answers together are right, given what is there in the end.
    """

    start: Change
    change: Change
    agrees: Callable[[list[Any], Any], bool]


_MEETINGS = {
    "add to a number": _Meeting(
        Put("key", b"0"),
        Add("key", 1),
        lambda answers, end: end == b"%d" % len(answers) and _are_different(answers),
    ),
    "append": _Meeting(
        Delete("key"),
        Push("key", b"1"),
        lambda answers, end: len(end) == len(answers) and _are_different(answers),
    ),
    "prepend": _Meeting(
        Put("key", []),
        Push("key", b"1", at_head=True),
        lambda answers, end: len(end) == len(answers) and _are_different(answers),
    ),
    "pop": _Meeting(
        Put("key", [b"%d" % number for number in range(2 * _FEW)]),
        Pop("key"),
        lambda answers, end: _are_different([*answers, *end]) and None not in answers,
    ),
}


def _are_different(answers: list[Any]) -> bool:
    return len(set(answers)) == len(answers)


def check_changes(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let others make the same change between the steps of one: no change gets lost."""
    for name, (start, change, agrees) in _MEETINGS.items():
        with Trial(harness, _ATOMIC) as trial:
            backend, other = trial.open("job").backend, trial.open("job", 1).backend
            for every in (1, 7):
                backend.apply(start)
                answers: list[Any] = []

                def others(
                    other: Backend = other, change: Change = change, to: list[Any] = answers
                ) -> None:
                    to.append(other.apply(change))

                trial.note(f"# {name}, while another handle does the same")
                answers.append(_step_by_step(lambda: backend.apply(change), others, every, _FEW))  # noqa: B023
                end = backend.get("key")
                trial.require(
                    agrees(answers, end),
                    f"no change gets lost; {name} gave {answers[:20]!r}, and left {end!r:.200}",
                )


def check_deletes(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let others create a key and delete it between the steps of a delete: each goes once."""
    with Trial(harness, _ATOMIC) as trial:
        backend, other = trial.open("job").backend, trial.open("job", 1).backend
        trial.note("# delete, while another handle deletes the key and creates it, in turn")
        for every in (1, 2, 3, 5):
            backend.apply(Put("key", b"1"))
            counts, turns = {"created": 1, "deleted": 0}, count()

            def others(counts: dict[str, int] = counts, turns: Iterator[int] = turns) -> None:
                if next(turns) % 2 == 0:
                    counts["deleted"] += other.apply(Delete("key"))
                elif not isinstance(
                    other.commit([Holds("key", None)], [Put("key", b"1")]), Conflict
                ):
                    counts["created"] += 1

            mine = _step_by_step(lambda: backend.apply(Delete("key")), others, every)
            gone, left = counts["deleted"] + mine, backend.get("key") is not None
            trial.require(
                gone + left == counts["created"],
                f"what is there is deleted once: {counts['created']} were created, {gone} deleted, "
                f"and {left:d} is left",
            )


# Checks that stop to hold


class _Toggle(NamedTuple):
    """A check, and changes by which it holds, or does not."""

    check: Check
    holds: list[Change]
    fails: list[Change]


_MARK = "mark"
_WHEN = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 30, 40, 60, 80, 120, 200, 300)
"""The steps at which a check stops to hold. Whoever has to wait then goes on in a gap."""
_TOGGLES = {
    "a value": _Toggle(Holds("key", b"1"), [Put("key", b"1")], [Put("key", b"2")]),
    "a missing key": _Toggle(Holds("key", None), [Delete("key")], [Put("key", b"2")]),
    "a list": _Toggle(
        Holds("key", [b"1", b"2"]), [Put("key", [b"1", b"2"])], [Put("key", [b"1", b"3"])]
    ),
    "a head": _Toggle(
        StartsWith("key", (b"1",)), [Put("key", [b"1", b"2"])], [Put("key", [b"2", b"1"])]
    ),
    "the keys": _Toggle(
        KeysAre(("a", "b")), [Put("a", b"1"), Put("b", b"1"), Delete("c")], [Put("c", b"1")]
    ),
}


def check_checks(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let a check stop to hold between the steps of a commit that relies on it."""
    for name, toggle in _TOGGLES.items():
        with Trial(harness, _CHECKED) as trial:
            trial.note(f"# a commit checks {name}, which another handle changes meanwhile")
            for step in _WHEN:
                _toggle(trial, toggle, step)


def _toggle(trial: Trial, toggle: _Toggle, step: int) -> None:
    """Let a check that holds fail from a step on, unless the commit has happened by then."""
    backend, other = trial.open("job").backend, trial.open("job", 1).backend
    backend.commit((), [*toggle.holds, Delete(_MARK)])
    fails = []

    def others() -> None:
        if not isinstance(other.commit([Holds(_MARK, None)], toggle.fails), Conflict):
            fails.append(step)

    def commit() -> bool:
        return not isinstance(backend.commit([toggle.check], [Put(_MARK, b"1")]), Conflict)

    happened = _step_by_step(commit, others, step, 1)
    is_marked = backend.get(_MARK) is not None
    trial.require(happened is is_marked, f"it happened ({is_marked}) and says so ({happened})")
    trial.require(
        happened is not bool(fails),
        "a commit happens if its checks hold at that moment, and only then",
    )


# Reads


def check_reads(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Change two keys at once between the steps of each read: none sees only one change."""
    with Trial(harness, _MOMENT) as trial:
        backend, other = trial.open("job").backend, trial.open("job", 1).backend
        rounds = [0]

        def write() -> None:
            rounds[0] += 1
            value = b"%d" % rounds[0]
            other.commit((), [Put(_MANY[0], value), Put(_MANY[-1], value)])

        def swap() -> None:
            rounds[0] += 1
            here, there = ("a", "b") if rounds[0] % 2 else ("b", "a")
            other.commit((), [Put(here, b"1"), Delete(there)])

        for every in (1, 2):
            backend.commit((), [Put(key, b"0") for key in _MANY])
            trial.note("# another handle changes two keys while this one reads them and others")
            found = _step_by_step(lambda: backend.read(_MANY), write, every)
            records = [held and held.record for held in found]
            trial.require(records[0] == records[-1], "`get_many` reads at one moment")
            digests = _step_by_step(lambda: backend.digests(_MANY), write, every)
            trial.require(digests[0] == digests[-1], "digests are of one moment")
            backend.clear()
            swap()
            trial.note("# another handle deletes a key and stores another while this one lists")
            keys = _step_by_step(backend.keys, swap, every)
            trial.require(
                keys in (["a"], ["b"]), f"one of two keys is there at any moment, not {keys}"
            )
            exist = _step_by_step(lambda: backend.exist(["a", "b"]), swap, every)
            trial.require(sum(exist) == 1, f"one of two keys is there at any moment: {exist}")
            backend.clear()


# Locks


def check_locks(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Take a lock between the steps of somebody who takes it: one gets it."""
    with Trial(harness, _EXCLUSION) as trial:
        backend, other = trial.open("job").backend, trial.open("job", 1).backend
        trial.note("# two handles take the lock 'key' at the same moment")
        for every in range(1, 30, 2):
            answers: list[int | str] = []

            def others(to: list[int | str] = answers) -> None:
                if not to:
                    to.append(other.acquire("key", "other", _HOUR))

            mine = _step_by_step(lambda: backend.acquire("key", "me", _HOUR), others, every)
            holders = [isinstance(answer, int) for answer in (mine, *answers)]
            trial.require(sum(holders) == 1, f"one of two gets the lock: {mine!r}, {answers!r}")
            backend.release("key", "me")
            other.release("key", "other")
