# `add` writes and `entry` reads, and both know what the other uses say.
from typing import TypedDict

from graflow import TaskExecutionContext


class User(TypedDict):
    name: str


def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).add("user", {"name": "Ada"}, ttl=5)  # E: Channel key "user" is used as "User" here, but as "int" in app.main.show  [graflow-key-type]
    ctx.get_channel().add("logs", "one")  # E: Channel key "logs" is set here, but appended to in app.main.make  [graflow-key-shape]
    ctx.get_channel().append("logs", "two")  # E: Channel key "logs" is appended to here, but set in app.main.make  [graflow-key-shape]


def show(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_typed_channel(User).entry("user"))  # E: Channel key "user" is used as "User" here, but as "int" in app.main.show  [graflow-key-type]  # N: Revealed type is "tuple[TypedDict(app.main.User, {'name': str}), str, float | None, fallback=graflow.channels.operation.entry.Entry[TypedDict(app.main.User, {'name': str})]]"
    entry = ctx.get_typed_channel(int).entry("user")  # E: Channel key "user" is used as "int" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(int).set("user", entry.value, if_etag=entry.etag)  # E: Channel key "user" is used as "int" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_channel().entry("usr")  # E: Channel key "usr" is read but never written; did you mean "user"?  [graflow-key-unknown]
