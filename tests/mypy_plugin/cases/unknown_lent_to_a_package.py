# Another package that gets a channel, or the context, may write any key.

import pydantic_core
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    pydantic_core.to_json(ctx.get_channel())
    ctx.get_channel().get("key")  # N: graflow: unknown keys are not judged: app/main.py:7 lets "pydantic_core.to_json" write any key, perhaps "key"
