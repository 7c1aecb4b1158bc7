# A `get_channel()` of a class of another package is perhaps a channel, but none to compare.

# === site-packages/radio.py
class Radio:
    def set(self, key: str, value: object) -> None: ...

class Client:
    def get_channel(self) -> Radio:
        return Radio()

def connect() -> Client:
    return Client()

# === app/main.py
import radio
from graflow import TaskExecutionContext

class Mine(radio.Client):
    pass
def tune(client: radio.Client, mine: Mine) -> None:
    client.get_channel().set("count", "text")
    mine.get_channel().set("count", "text")
    radio.Client().get_channel().set("count", "text")
    radio.connect().get_channel().set("count", "text")
    radio.connect().get_channel().set("perhaps", "text")
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("count", 1)
    ctx.get_typed_channel(int).get("count")
    ctx.get_channel().get("perhaps")
    ctx.get_channel().get("unwritten")  # E: Channel key "unwritten" is read but never written  [graflow-key-unknown]
