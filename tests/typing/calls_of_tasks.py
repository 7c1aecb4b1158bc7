"""Calls of tasks: what mypy refuses with the plugin, and pyright not. Checked, never run."""

# pyright: reportUnnecessaryTypeIgnoreComment=false, reportUnusedExpression=false

from typing import TypeVar, assert_type

from graflow import Task, TaskExecutionContext, chain, parallel, task, workflow

T = TypeVar("T")


@task
def load(source: str, /, rows: int = 3, *, strict: bool) -> list[str]:
    """A task with parameters of several kinds."""
    return [source] * rows


@task(inject_context=True)
def fetch(ctx: TaskExecutionContext, /, source: str, *more: int, **others: float) -> int:
    """A task with a context."""
    return len(source)


@task
def later() -> None:
    """A task without parameters."""


@task
def same(value: T) -> T:
    """A generic task."""
    return value


def calls() -> None:
    """Some or all parameters are bound; the result is that of the function."""
    with workflow("w"):
        assert_type(load("api", rows=3, strict=True), Task[..., list[str]])
        assert_type(load("api", task_id="a"), Task[..., list[str]])
        assert_type(load(task_id="b", strict=False), Task[..., list[str]])
        assert_type(load(rows=1), Task[..., list[str]])
        assert_type(load(), Task[..., list[str]])
        assert_type(load("api")(rows=3, task_id="c"), Task[..., list[str]])
        assert_type(fetch("api"), Task[..., int])
        assert_type(fetch("api", 1, 2, speed=3.5), Task[..., int])
        assert_type(fetch(source="api", task_id="a"), Task[..., int])
        assert_type(fetch(task_id="b"), Task[..., int])
        assert_type(later(), Task[..., None])
        assert_type(later(task_id="later"), Task[..., None])
        same(value=3)
        same(task_id="same", value="three")
        parallel(*(fetch(task_id=f"fetch_{n}", source="x") for n in range(3))) >> load("api")
        last = load("api")
        last = load(task_id="other")
        chain(last, later())
        load(task_id=3)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
        load(rowz=3)  # type: ignore[call-arg]
        load("api", rows="three")  # type: ignore[arg-type]
        fetch(3)  # type: ignore[arg-type]
        fetch("api", speed="fast")  # type: ignore[arg-type]
        later(1)  # type: ignore[call-arg]


def handed_on(given: Task[..., int], named: Task[[str], int]) -> None:
    """Of a task that is handed over, only what its annotation says is known."""
    given(1, "two", three=3)
    named("api")
    named(source="api", task_id="a")
