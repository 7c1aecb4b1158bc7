# A dataclass and a TypedDict with its fields hold the same data.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext
from dataclasses import dataclass

class User(TypedDict):
    name: str


@dataclass
class Person:
    name: str
@dataclass
class Job:
    id: int
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Person).set("a", Person("Ada"))
    ctx.get_typed_channel(Job).set("b", Job(1))  # E: Channel key "b" is used as "Job" here, but as "User" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("a")
    ctx.get_typed_channel(User).get("b")  # E: Channel key "b" is used as "User" here, but as "Job" in app.main.make  [graflow-key-type]
