# A value is read as a list.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class User(TypedDict):
    name: str


def one(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set("user", {"name": "Ada"})  # E: Channel key "user" is set here, but read as a list in app.main.two  [graflow-key-shape]
def two(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get_list("user")  # E: Channel key "user" is read as a list here, but set in app.main.one  [graflow-key-shape]
    ctx.get_typed_channel(User).pop("user")  # E: Channel key "user" is popped as a list here, but set in app.main.one  [graflow-key-shape]
