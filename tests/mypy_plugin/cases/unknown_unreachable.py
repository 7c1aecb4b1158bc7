# Code that mypy does not check is not reported.

from typing import TYPE_CHECKING
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    if TYPE_CHECKING:
        return
    ctx.get_channel().get("b")
