# A value fits a literal that may be it; `bool` and `None` are literals of their values.

from typing import Any, Literal
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, value: Any) -> None:
    ctx.get_channel().set("mode", "on")
    ctx.get_channel().set("level", 1)
    ctx.get_channel().set("wrong level", 1)  # E: Channel key "wrong level" is used as "int" here, but as "Literal['on']" in app.main.use  [graflow-key-type]
    ctx.get_channel().set("nothing", None)
    ctx.get_channel().set("wrong nothing", None)  # E: Channel key "wrong nothing" is used as "None" here, but as "Literal['on']" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(bool).set("flag", value)
    ctx.get_typed_channel(bool).set("wrong flag", value)  # E: Channel key "wrong flag" is used as "bool" here, but as "Literal[True]" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(list[bool | None]).set("flags", value)
    ctx.get_typed_channel(Literal[1]).set("one", 1)
    ctx.get_typed_channel(int).set("any", value)  # E: Channel key "any" is used as "int" here, but as "Literal[1, 2]" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Literal[1]).set("text", 1)  # E: Channel key "text" is used as "Literal[1]" here, but as "str" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Literal["7"]).set("number", "7")  # E: Channel key "number" is used as "Literal['7']" here, but as "int" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Literal[1, "on"]).set("mixed", "on")
    ctx.get_typed_channel(Literal[1, "on"]).set("one is wrong", "on")  # E: Channel key "one is wrong" is used as "Literal[1, 'on']" here, but as "float | Literal['off']" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Literal["on", "off"]).get("mode")
    ctx.get_typed_channel(Literal[1, 2] | None).get("level")
    ctx.get_typed_channel(Literal["on"]).get("wrong level")  # E: Channel key "wrong level" is used as "Literal['on']" here, but as "int" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Literal["on", None]).get("nothing")
    ctx.get_typed_channel(Literal["on"]).get("wrong nothing")  # E: Channel key "wrong nothing" is used as "Literal['on']" here, but as "None" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Literal[True, False]).get("flag")
    ctx.get_typed_channel(Literal[True]).get("wrong flag")  # E: Channel key "wrong flag" is used as "Literal[True]" here, but as "bool" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(list[Literal[None, True] | Literal[False]]).get("flags")
    ctx.get_typed_channel(Literal[True]).get("one")
    ctx.get_typed_channel(Literal[1, 2]).get("any")  # E: Channel key "any" is used as "Literal[1, 2]" here, but as "int" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(str).get("text")  # E: Channel key "text" is used as "str" here, but as "Literal[1]" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(int).get("number")  # E: Channel key "number" is used as "int" here, but as "Literal['7']" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(int | Literal["on"]).get("mixed")
    ctx.get_typed_channel(float | Literal["off"]).get("one is wrong")  # E: Channel key "one is wrong" is used as "float | Literal['off']" here, but as "Literal[1, 'on']" in app.main.make  [graflow-key-type]
