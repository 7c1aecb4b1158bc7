# A class derived from a typed channel is one of the channel that it is made with.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext, TypedChannel

class User(TypedDict):
    name: str
class Users(TypedChannel[User]):
    pass
def fill(users: Users) -> None:
    users.set("given", {"name": "Ada"})
def use(ctx: TaskExecutionContext) -> None:
    Users(ctx.get_channel(), User).set("made", {"name": "Ada"})
    fill(Users(ctx.get_channel(), User))
    ctx.get_channel().get_many(["made", "given", "none"])  # E: Channel key "none" is read but never written  [graflow-key-unknown]
