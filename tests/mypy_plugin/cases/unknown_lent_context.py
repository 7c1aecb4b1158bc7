# Another package that gets the context may write any key.

from pydantic_core import to_json
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    to_json(ctx)
    ctx.get_channel().get("key")
