# Types are shown as the source writes them.

from datetime import datetime
from typing import Annotated, Dict, List, Literal, NewType, Optional, Union

from graflow import TaskExecutionContext

Users = List[str]
UserId = NewType("UserId", int)
Mode = Literal["on", "off"]

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Optional[int]).set("optional", 1)  # E: Channel key "optional" is used as "Optional[int]" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Union[str, int]).set("union", 1)  # E: Channel key "union" is used as "Union[str, int]" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, str]).set("pair", (1, ""))  # E: Channel key "pair" is used as "tuple[int, str]" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(tuple[int, ...]).set("row", (1,))  # E: Channel key "row" is used as "tuple[int, ...]" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Dict[str, datetime]).set("times", {})  # E: Channel key "times" is used as "Dict[str, datetime]" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Users).set("users", [])  # E: Channel key "users" is used as "Users" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(UserId).set("id", UserId(1))  # E: Channel key "id" is used as "UserId" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Mode).set("mode", "on")  # E: Channel key "mode" is used as "Mode" here, but as "float" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Literal["on", "off"]).set("mode2", "on")  # E: Channel key "mode2" is used as "Literal['on', 'off']" here, but as "float" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Annotated[int, "seconds"]).set("time", 1)  # E: Channel key "time" is used as "int" here, but as "bytes" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(str | int | None).append("choices", "")  # E: Channel key "choices" is appended to here, but read as a value in app.main.use  [graflow-key-shape]
def use(ctx: TaskExecutionContext) -> None:
    for key in ("optional", "union", "pair", "row", "times", "users", "id", "mode", "mode2"):
        print(key)
    strings = ctx.get_typed_channel(bytes)
    strings.get("optional")  # E: Channel key "optional" is used as "bytes" here, but as "Optional[int]" in app.main.make  [graflow-key-type]
    strings.get("union")  # E: Channel key "union" is used as "bytes" here, but as "Union[str, int]" in app.main.make  [graflow-key-type]
    strings.get("pair")  # E: Channel key "pair" is used as "bytes" here, but as "tuple[int, str]" in app.main.make  [graflow-key-type]
    strings.get("row")  # E: Channel key "row" is used as "bytes" here, but as "tuple[int, ...]" in app.main.make  [graflow-key-type]
    strings.get("times")  # E: Channel key "times" is used as "bytes" here, but as "Dict[str, datetime]" in app.main.make  [graflow-key-type]
    strings.get("users")  # E: Channel key "users" is used as "bytes" here, but as "Users" in app.main.make  [graflow-key-type]
    strings.get("id")  # E: Channel key "id" is used as "bytes" here, but as "UserId" in app.main.make  [graflow-key-type]
    strings.get("time")  # E: Channel key "time" is used as "bytes" here, but as "int" in app.main.make  [graflow-key-type]
    numbers = ctx.get_typed_channel(float)
    numbers.get("mode")  # E: Channel key "mode" is used as "float" here, but as "Mode" in app.main.make  [graflow-key-type]
    numbers.get("mode2")  # E: Channel key "mode2" is used as "float" here, but as "Literal['on', 'off']" in app.main.make  [graflow-key-type]
    numbers.get_list("choices")  # E: Channel key "choices" is used as "float" here, but as "str | int | None" in app.main.make  [graflow-key-type]
    numbers.get("choices")  # E: Channel key "choices" is read as a value here, but appended to in app.main.make  [graflow-key-shape]
