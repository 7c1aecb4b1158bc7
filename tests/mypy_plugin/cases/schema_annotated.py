# The metadata of `Annotated` is no type, and what it stands beside is judged.

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from graflow import TaskExecutionContext

@dataclass
class Job:
    connection: Annotated[socket.socket, "x"]

@dataclass
class Good:
    size: Annotated[int, "not a name"]
    later: Annotated["Good | None", "Job"]

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Annotated[socket.socket, "x"])  # E: Schema "socket" can't be stored in a channel: it is a socket  [graflow-schema]
    ctx.get_typed_channel(Annotated[Callable[[], None], "two words", 3])  # E: Schema "Callable" can't be stored in a channel: it is a callable  [graflow-schema]
    ctx.get_typed_channel(Annotated["Job", "x"])  # E: Schema "Job" can't be stored in a channel: field "connection" is a socket  [graflow-schema]
    ctx.get_typed_channel(Annotated[Good, "Job"])
    ctx.get_typed_channel(Annotated[int, "size"]).set("size", 1)  # E: Channel key "size" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(Annotated[str, "size"]).get("size")  # E: Channel key "size" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
