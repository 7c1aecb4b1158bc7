# Fields are compared in depth.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


class Old(TypedDict):
    user: User
class Person(TypedDict):
    name: int
class New(TypedDict):
    user: Person
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Old).set("k", {"user": {"name": "Ada"}})  # E: Channel key "k" is used as "Old" here, but as "New" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(New).get("k")  # E: Channel key "k" is used as "New" here, but as "Old" in app.main.make  [graflow-key-type]
