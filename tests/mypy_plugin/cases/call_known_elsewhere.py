# A task is known wherever it comes from: another module, a variable, a class, an argument.
# === app/tasks.py
from graflow import task


@task("other id")
async def load(source: str, rows: int = 3) -> int:
    return rows


def plain(source: str) -> int:
    return 1


made = task("made")(plain)
bare = task(plain)


class Tasks:
    load = load
# === app/main.py
from typing import Any

from app import tasks
from app.tasks import Tasks, load as load_rows

from graflow import Task, task, workflow


def run(given: Task[..., int], named: Task[[str], int], anything: Any) -> None:
    with workflow("w"):
        given(1, two=3)
        named("x")
        named(source="x")
        named(3)  # E: Argument 1 to "named" has incompatible type "int"; expected "str"  [arg-type]
        anything(1, 2, rowz=3)


with workflow("w") as wf:
    load_rows(source="x", rowz=3)  # E: Unexpected keyword argument "rowz" for "load_rows"; did you mean "rows"?  [call-arg]
    tasks.load(rows="three")  # E: Argument "rows" to "load" has incompatible type "str"; expected "int"  [arg-type]
    tasks.made(sauce="x")  # E: Unexpected keyword argument "sauce" for "made"; did you mean "source"?  [call-arg]
    tasks.bare(source=3)  # E: Argument "source" to "bare" has incompatible type "int"; expected "str"  [arg-type]
    Tasks.load(rows="three")  # E: Argument "rows" to "load" has incompatible type "str"; expected "int"  [arg-type]
    variable = load_rows
    variable(rows="three")  # E: Argument "rows" to "variable" has incompatible type "str"; expected "int"  [arg-type]
    bound = load_rows(source="x")
    bound(rows="not known any more")

    @task
    def local(page: int) -> int:
        return page

    for n in range(3):
        local(task_id=f"local_{n}", page=n)
        local(task_id=f"local_{n}", page=str(n))  # E: Argument "page" to "local" has incompatible type "str"; expected "int"  [arg-type]

    last = local(task_id="first", page=1)
    for each in (local(page=1), tasks.made(source="x")):
        last >> each
        last = each
