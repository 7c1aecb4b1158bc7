# A tuple of several types is as long as it says, and has the type of each place there.

from typing import NamedTuple
from graflow import TaskExecutionContext


class Pair(NamedTuple):
    a: int
    b: str


def write(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(tuple[int, int]).set("numbers", (1, 2))  # E: Channel key "numbers" is used as "tuple[int, int]" here, but as "tuple[int, str]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, str]).set("pair", (1, "x"))  # E: Channel key "pair" is used as "tuple[int, str]" here, but as "list[int]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, ...]).set("many", (1, 2, 3))
    ctx.get_typed_channel(list[int]).set("list", [1, 2])  # E: Channel key "list" is used as "list[int]" here, but as "tuple[int, str]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(tuple[()]).set("empty", ())  # E: Channel key "empty" is used as "tuple[()]" here, but as "tuple[int]" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(Pair).set("named", Pair(1, "x"))
    ctx.get_channel().set("untyped", (1, 2))
    ctx.get_typed_channel(tuple[int, *tuple[str, ...]]).set("open", (1, "x"))


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(tuple[int, str]).get("numbers")  # E: Channel key "numbers" is used as "tuple[int, str]" here, but as "tuple[int, int]" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(tuple[float, int]).get("numbers")
    ctx.get_typed_channel(tuple[int, int, int]).get("numbers")  # E: Channel key "numbers" is used as "tuple[int, int, int]" here, but as "tuple[int, int]" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, ...]).get("numbers")
    ctx.get_typed_channel(list[int]).get("numbers")
    ctx.get_typed_channel(list[int | str]).get("pair")
    ctx.get_typed_channel(list[int]).get("pair")  # E: Channel key "pair" is used as "list[int]" here, but as "tuple[int, str]" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, int]).get("many")
    ctx.get_typed_channel(tuple[int, str]).get("list")  # E: Channel key "list" is used as "tuple[int, str]" here, but as "list[int]" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, int]).get("list")
    ctx.get_typed_channel(tuple[int]).get("empty")  # E: Channel key "empty" is used as "tuple[int]" here, but as "tuple[()]" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, str]).get("named")
    ctx.get_typed_channel(tuple[int, int]).get("untyped")
    ctx.get_typed_channel(tuple[str, str]).get("open")
