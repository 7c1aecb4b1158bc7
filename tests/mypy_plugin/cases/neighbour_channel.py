# A channel of another package is one, and what is handed over may be it.

# === site-packages/kit.py
from graflow import Channel, MemoryChannel

class Store(MemoryChannel):
    pass

def open_store(name: str) -> Channel:
    return Store(name)

# === app/main.py
import kit
from graflow import Channel, TaskExecutionContext

class Mine(kit.Store):
    pass
def fill(channel: Channel) -> None:
    channel.set("k", 1)  # N: graflow: channels that come in as parameters are not judged: app/main.py:4 makes a class of channels (as 1 more line does)
def make() -> None:
    fill(kit.open_store("other"))
    Mine("mine").set("mine", 1)
    kit.Store("kit").set("kit", 1)
    kit.open_store("opened").set("opened", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(str).get("k")
    ctx.get_typed_channel(str).set("k", "v")
    ctx.get_channel().get_many(["mine", "kit", "opened", "none"])  # E: Channel key "none" is read but never written  [graflow-key-unknown]
