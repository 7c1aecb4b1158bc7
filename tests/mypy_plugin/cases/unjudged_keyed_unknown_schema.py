# A keyed channel whose schema is unknown may have any key.

from typing import Any, TypedDict

from graflow import TaskExecutionContext, TypedChannel

def make(ctx: TaskExecutionContext, key: str, schema: Any) -> None:
    ctx.get_keyed_channel(schema).set(key, 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("cuont")  # N: graflow: unknown keys are not judged: app/main.py:8 computes a key, perhaps "cuont"
