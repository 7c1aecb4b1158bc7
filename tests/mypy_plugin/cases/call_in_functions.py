# Calls are checked wherever they are made: in a task, a comprehension, a class, a condition.
from collections.abc import Sequence

from graflow import Task, TaskExecutionContext, Workflow, parallel, task, workflow


@task(task_id="fetch page", max_retries=2)
async def fetch(page: int, size: int | None = None) -> list[int]:
    return [page]


@task(inject_context=True)
def crawl(ctx: TaskExecutionContext, pages: Sequence[int]) -> object:
    with workflow("inner") as inner:
        parallel(*[fetch(task_id=f"{page}", page=page, size=page or None) for page in pages])
        parallel(*[fetch(task_id=f"{page}", page=[page]) for page in pages])  # E: Argument "page" to "fetch" has incompatible type "list[int]"; expected "int"  [arg-type]
    return inner.execute()


class Builder:
    step = fetch

    def build(self, name: str, size: int | str) -> Workflow:
        with workflow(name) as made:
            first = self.step(page=1)
            second = self.step(pages=1)  # E: Unexpected keyword argument "pages" for "step"; did you mean "page"?  [call-arg]
            third = fetch(page=1, size=size) if size else fetch(page="1")  # E: Argument "page" to "fetch" has incompatible type "str"; expected "int"  [arg-type]  # E: Argument "size" to "fetch" has incompatible type "int | str"; expected "int | None"  [arg-type]
            if isinstance(size, int):
                fetch(page=1, size=size)
            first >> second >> third
        return made


def chosen(steps: dict[str, Task[[int], str]]) -> None:
    with workflow("w"):
        steps["a"](1)
        steps["a"]("1")  # E: Argument 1 to "task" has incompatible type "str"; expected "int"  [arg-type]
