# An object whose own method has the name of an operation may pass it on; one without it can't.

from graflow import Channel, TaskExecutionContext

class Log:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
    def set(self, key: str, value: int) -> None:
        self._channel.set(key, value)
class Plain:
    def update(self, key: str, value: int) -> None: ...
def use(ctx: TaskExecutionContext) -> None:
    log = Log(ctx.get_channel())
    log.set("a", 1)
    ctx.get_channel().get("a")  # N: graflow: unknown keys are not judged: app/main.py:9 computes a key, perhaps "a"
