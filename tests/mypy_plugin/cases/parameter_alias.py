# The context is none of the parameters, under whatever name `task` was called.
# === app/steps.py
from graflow import task

step = task
renamed = step
with_context = task(inject_context=True)
atomic = task(atomic=True)
# === app/main.py
import graflow
from app.steps import atomic, renamed, step, with_context

from graflow import TaskExecutionContext, workflow

local_context = graflow.task(inject_context=True)
OPTIONS = {"inject_context": True}


@with_context
def one(ctx: TaskExecutionContext, first: int) -> None: ...


@local_context
def two(ctx: TaskExecutionContext, second: int) -> None: ...


@renamed(inject_context=True, max_retries=3)
def three(ctx: TaskExecutionContext, third: int) -> None: ...


@step
def four(fourth: int) -> None: ...


@atomic
def five(fifth: int) -> None: ...


@graflow.task(inject_context=True, atomic=True)
def six(ctx: TaskExecutionContext) -> None: ...


@graflow.task(**OPTIONS)  # type: ignore[call-overload, untyped-decorator]
def seven(ctx: TaskExecutionContext) -> None: ...


with workflow("w") as wf:
    one >> six  # E: Parameter "first" of "one" is not bound here, and channel key "first" is never written  [graflow-key-unknown]
    two >> six  # E: Parameter "second" of "two" is not bound here, and channel key "second" is never written  [graflow-key-unknown]
    three >> six  # E: Parameter "third" of "three" is not bound here, and channel key "third" is never written  [graflow-key-unknown]
    four >> six  # E: Parameter "fourth" of "four" is not bound here, and channel key "fourth" is never written  [graflow-key-unknown]
    five >> six  # E: Parameter "fifth" of "five" is not bound here, and channel key "fifth" is never written  [graflow-key-unknown]
    six >> seven
