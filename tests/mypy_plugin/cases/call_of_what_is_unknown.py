# A decorator between a task and its function may change the parameters; a task of any may be called.
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from graflow import Task, task, workflow

P = ParamSpec("P")
R = TypeVar("R")


def untyped(function):  # type: ignore[no-untyped-def]
    return function


def loose(function: Callable[..., R]) -> Callable[..., R]:
    return function


def kept(function: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    return call


@task
@untyped  # E: Untyped decorator makes function "first" untyped  [untyped-decorator]
def first(source: str) -> int: ...


@task
@loose
def second(source: str) -> int: ...


@task
@kept
def third(source: str) -> int: ...


partial = task("partial")(functools.partial(int, base=2))


def again(given: Task[P, R]) -> Task[..., R]:
    return given(task_id="again", anything=3)


def several(chosen: Task[[int], int] | Task[[str], int]) -> None:
    chosen(1.5)  # E: Argument 1 to "chosen" has incompatible type "float"; expected "int"  [arg-type]  # E: Argument 1 to "chosen" has incompatible type "float"; expected "str"  [arg-type]


with workflow("w") as wf:
    first(1, 2, rowz=3)
    second(1, 2, rowz=3)
    third(sauce="x")  # E: Unexpected keyword argument "sauce" for "third"; did you mean "source"?  [call-arg]
    third(source=3)  # E: Argument "source" to "third" has incompatible type "int"; expected "str"  [arg-type]
    partial(x="1")
    {"a": third}["a"](3)  # E: Argument 1 to "task" has incompatible type "int"; expected "str"  [arg-type]
    (lambda: third)()(source=3)  # E: Argument "source" to "task" has incompatible type "int"; expected "str"  [arg-type]
