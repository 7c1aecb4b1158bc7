# A model with a root is kept as its root.

from pydantic import BaseModel, RootModel
from graflow import TaskExecutionContext


class Cat(BaseModel):
    lives: int = 9


class Ids(RootModel[list[int]]):
    pass


class Text(RootModel[str]):
    root: str = "x"


class Below(Ids):
    pass


def write(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Ids).set("ids", Ids([1]))  # E: Channel key "ids" is used as "Ids" here, but as "Cat" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(Text).set("text", Text("x"))
    ctx.get_typed_channel(Below).set("below", Below([1]))  # E: Channel key "below" is used as "Below" here, but as "Cat" in app.main.read  [graflow-key-type]


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Cat).get("ids")  # E: Channel key "ids" is used as "Cat" here, but as "Ids" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(list[int]).get("ids")
    ctx.get_typed_channel(list[str]).get("ids")  # E: Channel key "ids" is used as "list[str]" here, but as "Ids" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(int).get("text")
    ctx.get_typed_channel(str).get("text")
    ctx.get_typed_channel(Cat).get("below")  # E: Channel key "below" is used as "Cat" here, but as "Below" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(Ids).get("below")
