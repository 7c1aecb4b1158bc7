"""Tasks and their results."""

from typing import TypedDict

from graflow import TaskExecutionContext, parallel, task


class Report(TypedDict):
    title: str


@task
def count() -> int:
    return 1


@task
def load(rows: int, source: str = "here") -> list[str]:
    return [source] * rows


@task(inject_context=True)
def report(ctx: TaskExecutionContext) -> Report:
    return {"title": ctx.task_id}


@task(inject_context=True)  # right: forgotten context
def with_context(ctx: TaskExecutionContext) -> None: ...


@task(inject_context=True)  # mistake: forgotten context
def without_context() -> None: ...


@task(max_retries=2)  # right: option
def retried() -> None: ...


@task(max_retries="2")  # mistake: option
def retried_wrongly() -> None: ...


def compose(ctx: TaskExecutionContext) -> None:
    load(rows=3)  # right: misspelled parameter
    load(rosw=3)  # mistake: misspelled parameter
    load(rows=4, source="there")  # right: type of a parameter
    load(rows="4", source="there")  # mistake: type of a parameter
    load.run(rows=3)  # right: type of a parameter, called at once
    load.run(rows="3")  # mistake: type of a parameter, called at once
    report.run(ctx)  # right: context, called at once
    report.run()  # mistake: context, called at once
    print(count >> report)  # right: no task
    print(count >> "report")  # mistake: no task
    parallel(count, report)  # right: list of tasks
    parallel([count, report])  # mistake: list of tasks


def results(ctx: TaskExecutionContext) -> None:
    print(ctx.get_result("count"))  # right: misspelled id
    print(ctx.get_result("cuont"))  # mistake: misspelled id
    print(ctx.get_result("count") + 1)  # right: type of a result by id
    print(ctx.get_result("count") + "1")  # mistake: type of a result by id
    print(ctx.get_result(count) + 1)  # right: type of a result
    print(ctx.get_result(count) + "1")  # mistake: type of a result
    print(ctx.get_result(report)["title"])  # right: misspelled field of a result
    print(ctx.get_result(report)["tilte"])  # mistake: misspelled field of a result
    print(ctx.get_result(count, default=0) + 1)  # right: default is None
    print(ctx.get_result(count, default=None) + 1)  # mistake: default is None
