"""Failures in another process, which come back however hard they are to send."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from graflow import RedisChannel, task, workflow
from graflow.exceptions import TaskFailedError
from tests.core.travelling import Elsewhere


@dataclass(frozen=True)
class Frozen(Exception):
    """Nobody may set its attributes."""

    code: int


class Quitting(Exception):
    """Whoever asks for its text has to go."""

    def __str__(self) -> str:
        raise SystemExit(3)


def _chained(kind: str) -> Exception:
    first: Exception | None = None
    for number in range(3_000):
        error = ValueError(number)
        setattr(error, kind, first)
        try:
            raise error
        except ValueError:
            first = error
    assert first is not None
    return first


@task
def raise_one(kind: str) -> None:
    """Raise what is hard to send."""
    match kind:
        case "frozen":
            raise Frozen(3)
        case "quitting":
            raise Quitting
        case "noted":
            error = ValueError("noted")
            vars(error)["__notes__"] = 5
            raise error
        case _:
            raise _chained(kind)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("frozen", "Frozen(code=3)"),
        ("noted", "ValueError('noted')"),
        ("__cause__", "ValueError(2999)"),
        ("__context__", "ValueError(2999)"),
        ("quitting", 'UnpicklableError("Quitting, which can\'t be sent: SystemExit: 3")'),
    ],
)
def test_what_a_task_raises_elsewhere_is_never_taken_for_a_dead_worker(
    kind: str, expected: str, channel: RedisChannel
) -> None:
    """However hard it is to send, what arrives tells of the exception."""
    with workflow("w", channel=channel) as wf:
        raise_one(kind=kind)
    with pytest.raises(TaskFailedError) as caught:
        wf.execute(executor=Elsewhere)
    (error,) = caught.value.failures.values()
    assert repr(error) == expected
