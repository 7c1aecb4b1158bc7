"""A script whose tasks name what only the script has: `URL EXECUTOR`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, NewType, TypeVar

import loky
from typing_extensions import TypeAliasType

from graflow import RedisChannel, WorkflowTypeError, chain, task, workflow
from graflow.core.task.task import Task
from graflow.core.travel.executors import ExecutorSource

UserId = NewType("UserId", int)
T = TypeVar("T")
Users = TypeAliasType("Users", list[UserId])
Many = TypeAliasType("Many", list[T], type_params=(T,))


class Single:
    """What pickle takes by its name, and another process does not have."""

    def __reduce__(self) -> str:
        """Return the name."""
        return "SINGLE"


SINGLE = Single()

EXECUTORS: dict[str, ExecutorSource | None] = {
    "threads": None,
    "spawn": partial(ProcessPoolExecutor, 1, get_context("spawn")),
    "loky": partial(loky.get_reusable_executor, 1),
}


def new() -> UserId:
    """Return a new type."""
    return UserId(1)


def users() -> Users:
    """Return an alias."""
    return [UserId(1)]


def many() -> Many[UserId]:
    """Return a generic alias."""
    return [UserId(1)]


def single() -> bool:
    """Use what can't be there."""
    return SINGLE is not None


def run(url: str, executor: str, *made: Task[..., Any]) -> object:
    """Return what the last of the tasks returns."""
    with RedisChannel("scripted", url=url) as channel:
        channel.clear()
        with workflow("w", channel=channel) as wf:
            chain(*made)
        try:
            return wf.execute(executor=EXECUTORS[executor])
        except WorkflowTypeError as error:
            assert channel.keys() == []
            return f"refused: {error}"


def main(url: str, executor: str) -> None:
    """Print what each of the functions returns as a task."""
    functions: list[Callable[[], Any]] = [new, users, many]
    for function in functions:
        print(repr(run(url, executor, task(function))))  # noqa: T201 - what the test reads
    print(run(url, executor, task(new), task(single)))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
