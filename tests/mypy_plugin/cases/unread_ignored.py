# Silence by choice: the code is off, and so is what may be wrong or not.
# options: graflow-unread = off

# === scripts/broken.py
channel.set("user", 1
def

# === app/main.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("count", "1")  # E: Channel key "count" is used as "str" here, but as "int" in app.main.show  [graflow-key-type]

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("user")
    ctx.get_result("load")
    ctx.get_typed_channel(int).get("count")  # E: Channel key "count" is used as "int" here, but as "str" in app.main.make  [graflow-key-type]
