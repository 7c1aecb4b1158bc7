# What is wrong on purpose can be ignored, by mypy's own codes.
from graflow import task, workflow


@task
def load(source: str, rows: int = 3) -> list[str]:
    return [source] * rows


with workflow("w") as wf:
    load(rowz=3)  # type: ignore[call-arg]
    load(rows="three")  # type: ignore[arg-type]
    load(
        rows="three",  # type: ignore[arg-type]
    )
    load(rows=3)  # type: ignore[arg-type]  # E: Unused "type: ignore" comment  [unused-ignore]
