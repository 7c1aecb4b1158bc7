# An instance has one of the types of each field, so that several classes may share the instances.

from typing import Any, Literal
from typing_extensions import NotRequired, TypedDict
from graflow import TaskExecutionContext

class Number(TypedDict):
    kind: Literal["number"]
    value: int


class Text(TypedDict):
    kind: Literal["text"]
    value: str


class Either(TypedDict):
    kind: Literal["number", "text"]
    value: int


class OneOf(TypedDict):
    value: int | str


class OfNumber(TypedDict):
    value: int


class OfText(TypedDict):
    value: str


class Maybe(TypedDict):
    value: NotRequired[int]


class Empty(TypedDict):
    pass


class Holder(TypedDict):
    inner: OneOf


class NumberHolder(TypedDict):
    inner: OfNumber


class TextHolder(TypedDict):
    inner: OfText


def make(ctx: TaskExecutionContext, value: Any) -> None:
    ctx.get_typed_channel(OneOf).set("one of", value)
    ctx.get_typed_channel(OneOf).set("only one", value)  # E: Channel key "only one" is used as "OneOf" here, but as "OfNumber" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(OneOf).set("one and another", value)  # E: Channel key "one and another" is used as "OneOf" here, but as "OfNumber | Empty" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Maybe).set("maybe", value)
    ctx.get_typed_channel(Holder).set("in a class", value)
    ctx.get_typed_channel(Number | Text).set("tagged", value)
    ctx.get_typed_channel(Either).set("wrongly tagged", value)  # E: Channel key "wrongly tagged" is used as "Either" here, but as "Number | Text" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(list[OneOf]).set("list", value)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(OfNumber | OfText).get("one of")
    ctx.get_typed_channel(OfNumber).get("only one")  # E: Channel key "only one" is used as "OfNumber" here, but as "OneOf" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(OfNumber | Empty).get("one and another")  # E: Channel key "one and another" is used as "OfNumber | Empty" here, but as "OneOf" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Empty | OfNumber).get("maybe")
    ctx.get_typed_channel(NumberHolder | TextHolder).get("in a class")
    ctx.get_typed_channel(Text | Number).get("tagged")
    ctx.get_typed_channel(Number | Text).get("wrongly tagged")  # E: Channel key "wrongly tagged" is used as "Number | Text" here, but as "Either" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(list[OfNumber | OfText]).get("list")
