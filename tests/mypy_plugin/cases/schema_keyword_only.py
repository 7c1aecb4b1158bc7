# `KW_ONLY` is no field of a dataclass.

import dataclasses
from dataclasses import KW_ONLY, dataclass
from graflow import TaskExecutionContext
from typing_extensions import TypedDict

class Row(TypedDict):
    name: str
    age: int
@dataclass
class User:
    name: str
    _: KW_ONLY
    age: int
@dataclass
class Named:
    name: str
    _: dataclasses.KW_ONLY
    age: int
@dataclass
class Other:
    name: str
    _: KW_ONLY
    size: int
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", {"name": "Ada", "age": 36})  # E: Channel key "row" is used as "Row" here, but as "Other" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(User).get("row")
    ctx.get_typed_channel(Named).get("row")
    ctx.get_typed_channel(Other).get("row")  # E: Channel key "row" is used as "Other" here, but as "Row" in app.main.use  [graflow-key-type]
