# A constant that is a `ClassVar` needs no capitals: no object has another one than its class.

from typing import ClassVar
from graflow import TaskExecutionContext


class Base:
    key: ClassVar[str] = "base"
    plain = "plain"

    def __init__(self, ctx: TaskExecutionContext) -> None:
        self.ctx = ctx

    def emit(self) -> None:
        self.ctx.get_channel().append(self.key, 1)


class Orders(Base):
    key = "orders"


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("base")
    ctx.get_channel().get("orders")
    ctx.get_channel().get("order")  # E: Channel key "order" is read but never written; did you mean "orders"?  [graflow-key-unknown]
