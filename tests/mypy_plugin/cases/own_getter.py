# A `get_channel()` of an unrelated class gives no channel of a run.

from graflow import TaskExecutionContext

class Radio:
    def set(self, key: str, value: object) -> None: ...
class Client:
    radio = Radio()
    def get_channel(self) -> Radio:
        return self.radio
    def tune(self) -> None:
        self.get_channel().set("self", "text")
def tune(client: Client) -> None:
    client.get_channel().set("count", "text")
    Client().get_channel().set("count", [])
    found = Client()
    found.get_channel().set("count", {})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("count", 1)  # E: Channel key "count" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(int).get("count")
    ctx.get_typed_channel(str).get("count")  # E: Channel key "count" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
