"""Meetings of changes: somebody else changes the channel between the steps of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any, NamedTuple

from graflow.channels.backend import Add, Backend, Change, Conflict, Delete, Holds, Pop, Push, Put
from graflow.testing.budget import Budget
from graflow.testing.harness import Capabilities, Harness
from graflow.testing.trials.trial import Trial
from graflow.testing.workers.holding_up import step_by_step

__all__ = ["check_changes", "check_deletes"]

_FEW = 400  # times that others make the same change: all of it is looked at in the end

_ATOMIC = "Every operation is atomic and linearizable per key"


class _Meeting(NamedTuple):
    """The same change, made by many at once.

    Attributes:
        start: Comes before.
        changes: Are made by everybody, in one commit.
        agrees: Tells whether all answers together are right, given what is there in the end.
    """

    start: Change
    changes: list[Change]
    agrees: Callable[[list[Any], Any], bool]


def _made(backend: Backend, changes: Sequence[Change]) -> Any:
    """Make changes that are one commit, and return the answer to the first."""
    if len(changes) == 1:
        return backend.apply(changes[0])
    answers = backend.commit((), changes)
    return answers if isinstance(answers, Conflict) else answers[0]


_MEETINGS = {
    "add to a number": _Meeting(
        Put("key", b"0"),
        [Add("key", 1)],
        lambda answers, end: end == b"%d" % len(answers) and _are_different(answers),
    ),
    "append": _Meeting(
        Delete("key"),
        [Push("key", b"1")],
        lambda answers, end: len(end) == len(answers) and _are_different(answers),
    ),
    "prepend": _Meeting(
        Put("key", []),
        [Push("key", b"1", at_head=True)],
        lambda answers, end: len(end) == len(answers) and _are_different(answers),
    ),
    "pop": _Meeting(
        Put("key", [b"%d" % number for number in range(2 * _FEW)]),
        [Pop("key")],
        lambda answers, end: _are_different([*answers, *end]) and None not in answers,
    ),
    "add to a number, and append": _Meeting(
        Put("key", b"0"),
        [Add("key", 1), Push("list", b"1")],
        lambda answers, end: end == b"%d" % len(answers) and _are_different(answers),
    ),
}


def _are_different(answers: list[Any]) -> bool:
    return len(set(answers)) == len(answers)


def check_changes(harness: Harness, capabilities: Capabilities, budget: Budget) -> None:
    """Let others make the same change between the steps of one: no change gets lost."""
    for name, (start, changes, agrees) in _MEETINGS.items():
        with Trial(harness, _ATOMIC) as trial:
            backend, other = trial.open("job").backend, trial.open("job", 1).backend
            for every in (1, 7):
                backend.apply(start)
                answers: list[Any] = []

                def others(
                    other: Backend = other, changes: list[Change] = changes, to: list[Any] = answers
                ) -> None:
                    to.append(_made(other, changes))

                trial.note(f"# {name}, while another handle does the same")
                done = step_by_step(partial(_made, backend, changes), others, every, _FEW)
                answers.append(done.result)
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

            mine = step_by_step(lambda: backend.apply(Delete("key")), others, every).result
            gone, left = counts["deleted"] + mine, backend.get("key") is not None
            trial.require(
                gone + left == counts["created"],
                f"what is there is deleted once: {counts['created']} were created, {gone} deleted, "
                f"and {left:d} is left",
            )
