# What a list or a dict has may be for any parameters; a tuple and a TypedDict say for which.
from typing import Any, TypedDict

from graflow import parallel, task, workflow


class Arguments(TypedDict):
    source: str
    rows: int


class Wrong(TypedDict):
    source: int


@task
def load(source: str, rows: int = 3) -> list[str]:
    return [source] * rows


def show(
    names: list[str],
    pair: tuple[str, int],
    wrong: tuple[int, int],
    options: dict[str, str],
    anything: dict[str, object],
    arguments: Arguments,
    others: Wrong,
    any_value: Any,
) -> None:
    with workflow("w"):
        load(*names)
        load(*names, 3, "and more")
        load(*pair)
        load(*wrong)  # E: Argument 1 to "load" has incompatible type "*tuple[int, int]"; expected "str"  [arg-type]
        load(**options)
        load(**anything, task_id="a")
        load("x", **options)
        load(**arguments)
        load(**arguments, task_id="b")
        load(**others)  # E: Argument "source" to "load" has incompatible type "int"; expected "str"  [arg-type]
        load(*names, rowz=3)  # E: Unexpected keyword argument "rowz" for "load"; did you mean "rows"?  [call-arg]
        load(**options, rows="three")  # E: Argument "rows" to "load" has incompatible type "str"; expected "int"  [arg-type]
        load(*any_value, **any_value)
        load(any_value, rows=any_value)
        parallel(*(load(task_id=f"load_{n}", source="x", rows=n) for n in range(3)))
        parallel(*(load(task_id=f"load_{n}", source=n) for n in range(3)))  # E: Argument "source" to "load" has incompatible type "int"; expected "str"  [arg-type]
