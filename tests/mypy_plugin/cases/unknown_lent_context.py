# Another package that gets the context may write any key.

from pydantic_core import to_json
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    to_json(ctx)
    ctx.get_channel().get("key")  # N: graflow: unknown keys are not judged: app/main.py:7 lets "pydantic_core.to_json" write any key, perhaps "key"
