# A `TypedDict` that a call makes is one like those of a class statement.

import typing
from collections.abc import Callable
from typing import NotRequired, TypedDict

from graflow import TaskExecutionContext

User = TypedDict("User", {"name": str, "age": int})
Partial = typing.TypedDict("Partial", {"name": str, "age": int}, total=False)
Marked = TypedDict("Marked", {"name": str, "age": NotRequired["int"]})
Bad = TypedDict("Bad", {"done": Callable[[], None]})
Dashed = TypedDict("Dashed", {"user-name": "str"})

class Same(TypedDict):
    name: str
    age: int
class Different(TypedDict):
    name: str
    age: str
class Child(User):
    more: int

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set("user", {"name": "", "age": 1})  # E: Channel key "user" is used as "User" here, but as "Different" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(User).set("same", {"name": "", "age": 1})
    ctx.get_typed_channel(Partial).set("partial", {})  # E: Channel key "partial" is used as "Partial" here, but as "Same" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Marked).set("marked", {"name": ""})  # E: Channel key "marked" is used as "Marked" here, but as "Same" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Dashed).set("dashed", {"user-name": ""})  # E: Channel key "dashed" is used as "Dashed" here, but as "Same" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Child).set("child", {"name": "", "age": 1, "more": 1})  # E: Channel key "child" is used as "Child" here, but as "Same" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Different).get("user")  # E: Channel key "user" is used as "Different" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Same).get("same")
    ctx.get_typed_channel(Same).get("partial")  # E: Channel key "partial" is used as "Same" here, but as "Partial" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Same).get("marked")  # E: Channel key "marked" is used as "Same" here, but as "Marked" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Same).get("dashed")  # E: Channel key "dashed" is used as "Same" here, but as "Dashed" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Same).get("child")  # E: Channel key "child" is used as "Same" here, but as "Child" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Bad)  # E: Schema "Bad" can't be stored in a channel: field "done" is a callable  [graflow-schema]
