# What takes one argument is no operation that writes a key, whatever it is called on.
from collections.abc import Callable

from graflow import TaskExecutionContext


def work(ctx: TaskExecutionContext, names: Callable[[], set[str]], key: str) -> None:
    names().add(key)
    ctx.get_channel().set("user", "Ada")
    ctx.get_channel().get("usre")  # E: Channel key "usre" is read but never written; did you mean "user"?  [graflow-key-unknown]
