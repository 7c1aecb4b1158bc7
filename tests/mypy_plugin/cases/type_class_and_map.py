# A class is read as a dictionary, or the other way, if its fields are what the dictionary holds.

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from pydantic import BaseModel
from graflow import TaskExecutionContext


class Point(TypedDict):
    x: int


class Named(TypedDict):
    x: int
    name: str


class Loose(TypedDict):
    x: NotRequired[int]


@dataclass
class Data:
    x: int = 0


class Model(BaseModel):
    x: int


def write(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Point).set("point", {"x": 1})  # E: Channel key "point" is used as "Point" here, but as "dict[str, str]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(Named).set("named", {"x": 1, "name": "n"})  # E: Channel key "named" is used as "Named" here, but as "dict[str, int]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(Loose).set("loose", {"x": 1})
    ctx.get_typed_channel(Data).set("data", Data())  # E: Channel key "data" is used as "Data" here, but as "dict[str, str]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(Model).set("model", Model(x=1))  # E: Channel key "model" is used as "Model" here, but as "dict[str, str]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(dict[str, str]).set("texts", {"x": "y"})  # E: Channel key "texts" is used as "dict[str, str]" here, but as "Point" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(dict[str, int]).set("numbers", {"x": 1})
    ctx.get_channel().set("untyped", {"x": "y"})


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(dict[str, str]).get("point")  # E: Channel key "point" is used as "dict[str, str]" here, but as "Point" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(dict[str, int]).get("point")
    ctx.get_typed_channel(dict[str, float]).get("point")
    ctx.get_typed_channel(dict[str, Any]).get("named")
    ctx.get_typed_channel(dict[str, int]).get("named")  # E: Channel key "named" is used as "dict[str, int]" here, but as "Named" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(dict[str, int | str]).get("named")
    ctx.get_typed_channel(dict[str, str]).get("loose")
    ctx.get_typed_channel(dict[str, str]).get("data")  # E: Channel key "data" is used as "dict[str, str]" here, but as "Data" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(dict[str, str]).get("model")  # E: Channel key "model" is used as "dict[str, str]" here, but as "Model" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(dict[str, int]).get("model")
    ctx.get_typed_channel(Point).get("texts")  # E: Channel key "texts" is used as "Point" here, but as "dict[str, str]" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(Point).get("numbers")
    ctx.get_typed_channel(Data).get("texts")
    ctx.get_typed_channel(Model).get("texts")  # E: Channel key "texts" is used as "Model" here, but as "dict[str, str]" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(Point).get("untyped")
