# A task that nobody is seen to put into a workflow reads nothing; a call may be about anything.
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from graflow import TaskExecutionContext, chain, task, workflow

P = ParamSpec("P")
R = TypeVar("R")


def with_client(function: Callable[..., R]) -> Callable[..., R]:
    def call(*args: Any, **kwargs: Any) -> R:
        return function("client", *args, **kwargs)

    return call


@task
def load(rows: int, source: str) -> int:
    return rows


@task
@with_client
def send(client: str) -> None: ...


@task
def either(client: str) -> None: ...


@task  # type: ignore[no-redef]
def either() -> None: ...


@task
def nothing() -> None: ...


def make(injects: bool) -> None:
    @task(inject_context=True)
    def local(ctx: TaskExecutionContext) -> None:
        ctx.get_channel().set("written", 3)

    local >> nothing


def parallel(function: object) -> None: ...


def run(arguments: dict[str, Any], rows: list[int], chosen: Any) -> None:
    with workflow("w"):
        load(task_id="a", **arguments)
        load(*rows, task_id="b")
        chain(load(*rows), load(**arguments))
        send >> either
        send(task_id="send")
        one = load(rows=3)
        if chosen:
            one = load(rows=3, source="x")
        one >> nothing
        chosen(load) >> nothing
        bound = functools.partial(load, source="x", rows=3)
        bound(task_id="c")
        bound() >> nothing
    load.run(3, "api")
    parallel(load)
    print({load} | {nothing})
