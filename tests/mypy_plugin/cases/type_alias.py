# Aliases of types are followed.

# === app/aliases.py
from typing import TypeAlias
from typing_extensions import TypedDict

class User(TypedDict):
    name: str
Person = User
People: TypeAlias = "list[User]"

# === app/use.py
from graflow import TaskExecutionContext
from app.aliases import People, Person, User

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Person).set("a", {"name": "Ada"})
    ctx.get_typed_channel(People).set("b", [])
    ctx.get_typed_channel(People).set("c", [])  # E: Channel key "c" is used as "People" here, but as "list[int]" in app.use.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("a")
    ctx.get_typed_channel(list[User]).get("b")
    ctx.get_typed_channel(list[int]).get("c")  # E: Channel key "c" is used as "list[int]" here, but as "People" in app.use.make  [graflow-key-type]
