# A schema that a method gets is not a class of that name.

from typing import Any, TypedDict

from graflow import TaskExecutionContext

class User(TypedDict):
    name: str

class Service:
    def __init__(self, ctx: TaskExecutionContext, User: Any) -> None:
        self._users = ctx.get_typed_channel(User)

    def use(self) -> None:
        self._users.set("user", 1)

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("user")
