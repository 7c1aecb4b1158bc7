# The arguments that a call binds are those of the function, less the context.
# options: graflow-key-unknown = off
from graflow import TaskExecutionContext, task, workflow


@task
def load(source: str, rows: int = 3) -> list[str]:
    return [source] * rows


@task(inject_context=True)
def fetch(ctx: TaskExecutionContext, source: str, rows: int = 3) -> int:
    return rows


with workflow("w") as wf:
    load(task_id="a", source="api", rows=1)
    load(source="api")
    load()
    load("api", 3)
    load(task_id="b", rowz=3)  # E: Unexpected keyword argument "rowz" for "load"; did you mean "rows"?  [call-arg]
    load(task_id="b", rows="three")  # E: Argument "rows" to "load" has incompatible type "str"; expected "int"  [arg-type]
    load(task_id="b", rows=None)  # E: Argument "rows" to "load" has incompatible type "None"; expected "int"  [arg-type]
    load(3)  # E: Argument 1 to "load" has incompatible type "int"; expected "str"  [arg-type]
    load("api", source="api")  # E: "load" gets multiple values for keyword argument "source"  [misc]
    load("api", 3, 4)  # E: Too many arguments for "load"  [call-arg]
    load("api", "three", 4)  # E: Argument 2 to "load" has incompatible type "str"; expected "int"  [arg-type]  # E: Too many arguments for "load"  [call-arg]
    fetch("api", 3, task_id="c")
    fetch(task_id="c", sourse="api")  # E: Unexpected keyword argument "sourse" for "fetch"; did you mean "source"?  [call-arg]
    fetch(task_id="c", source=3)  # E: Argument "source" to "fetch" has incompatible type "int"; expected "str"  [arg-type]
    fetch(ctx=None, source="api")  # E: Unexpected keyword argument "ctx" for "fetch"  [call-arg]
    fetch("api", 1, 2)  # E: Too many arguments for "fetch"  [call-arg]
    fetch(id="c", source="x")  # E: Unexpected keyword argument "id" for "fetch"; to name the new task write task_id=  [call-arg]
    fetch(task_id=3)  # E: Argument "task_id" to "fetch" has incompatible type "int"; expected "str | None"  [arg-type]
