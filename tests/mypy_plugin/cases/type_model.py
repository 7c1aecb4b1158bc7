# Pydantic models are compared by their fields, unless they have a config or methods of their own.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext
from pydantic import BaseModel, ConfigDict

class Order(TypedDict):
    price: float


class Person(BaseModel):
    name: str
class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: int
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Order).set("a", {"price": 1.0})  # E: Channel key "a" is used as "Order" here, but as "Person" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Order).set("b", {"price": 1.0})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Person).get("a")  # E: Channel key "a" is used as "Person" here, but as "Order" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Loose).get("b")
