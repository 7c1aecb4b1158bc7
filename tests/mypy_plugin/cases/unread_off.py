# Where a check is off, nothing is said of what it can't see either.
# options: graflow-key-unknown = off

# === scripts/broken.py
channel.set("user", 1
def

# === app/main.py
from graflow import TaskExecutionContext

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("user")
    ctx.get_result("load")  # E: No task has the id "load", unless in "scripts/broken.py", which can't be read (Python 3.11 says "'(' was never closed")  [graflow-unread]
