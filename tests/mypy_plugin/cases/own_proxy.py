# An object that passes on whatever it does not have may be a channel.

from typing import Any
from graflow import TaskExecutionContext

class Proxy:
    def __init__(self, inner: Any) -> None:
        self.inner = inner
    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
class Deep(Proxy):
    pass
class Eager:
    def __init__(self, inner: Any) -> None:
        self.inner = inner
    def __getattribute__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "inner"), name)
def use(ctx: TaskExecutionContext, given: Proxy) -> None:
    Proxy(ctx.get_channel()).set("proxy", 1)
    Deep(ctx.get_channel()).set("deep", 1)
    Eager(ctx.get_channel()).set("eager", 1)
    given.set("given", 1)
    ctx.get_channel().get_many(["proxy", "deep", "eager", "given", "none"])  # E: Channel key "none" is read but never written  [graflow-key-unknown]
