# Parameters of every kind: by position only, by name only, any number of either.
# options: graflow-key-unknown = off
from typing import Any, TypedDict

from typing_extensions import Unpack

from graflow import TaskExecutionContext, task, workflow


class Options(TypedDict, total=False):
    speed: float
    retries: int


@task
def collect(first: int, /, second: str, *more: int, key: bytes, **others: float) -> int:
    return first


@task(inject_context=True)
def gather(ctx: TaskExecutionContext, first: int, /, *, second: str = "") -> int:
    return first


@task
def tune(source: str, **options: Unpack[Options]) -> None: ...


@task
def nothing() -> None: ...


@task(inject_context=True)
def context_alone(ctx: TaskExecutionContext) -> None: ...


with workflow("w") as wf:
    collect(1, "two", 3, 4, key=b"", more=1.5)
    collect(1, task_id="first")
    collect(key=b"", task_id="key")
    collect("1")  # E: Argument 1 to "collect" has incompatible type "str"; expected "int"  [arg-type]
    collect(1, 2)  # E: Argument 2 to "collect" has incompatible type "int"; expected "str"  [arg-type]
    collect(1, "two", "three")  # E: Argument 3 to "collect" has incompatible type "str"; expected "int"  [arg-type]
    collect(1, key="k")  # E: Argument "key" to "collect" has incompatible type "str"; expected "bytes"  [arg-type]
    collect(first="one")  # E: Argument "first" to "collect" has incompatible type "str"; expected "float"  [arg-type]
    collect(1, speed="fast")  # E: Argument "speed" to "collect" has incompatible type "str"; expected "float"  [arg-type]
    gather(1, second="two", task_id="g")
    gather(first=1)  # E: Unexpected keyword argument "first" for "gather"  [call-arg]
    gather(1, secnd="two")  # E: Unexpected keyword argument "secnd" for "gather"; did you mean "second"?  [call-arg]
    gather("1", second=2)  # E: Argument "second" to "gather" has incompatible type "int"; expected "str"  [arg-type]  # E: Argument 1 to "gather" has incompatible type "str"; expected "int"  [arg-type]
    tune("x", speed=1.5, retries=3)
    tune(source="x", task_id="tuned")
    tune("x", sped=1.5)  # E: Unexpected keyword argument "sped" for "tune"; did you mean "speed"?  [call-arg]
    tune("x", speed="fast")  # E: Argument "speed" to "tune" has incompatible type "str"; expected "float"  [arg-type]
    nothing()
    nothing(task_id="n")
    nothing(source="x")  # E: Unexpected keyword argument "source" for "nothing"  [call-arg]
    nothing(1)  # E: Too many arguments for "nothing"  [call-arg]
    context_alone(task_id="alone")
    context_alone(1)  # E: Too many arguments for "context_alone"  [call-arg]
    context_alone(ctx=1)  # E: Unexpected keyword argument "ctx" for "context_alone"  [call-arg]
