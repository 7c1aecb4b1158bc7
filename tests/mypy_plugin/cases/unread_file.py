# A file that can't be parsed may write what nothing else writes; all else is judged as ever.

# === scripts/broken.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("user", 1
def

# === app/main.py
from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("count", 1)  # E: Channel key "count" is set here, but appended to in app.main.show  [graflow-key-shape]

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("count")
    ctx.get_channel().get("conut")  # E: Channel key "conut" is read but never written, unless in "scripts/broken.py", which can't be read (Python 3.11 says "'(' was never closed"); did you mean "count"?  [graflow-unread]
    ctx.get_channel().get("user")  # E: Channel key "user" is read but never written, unless in "scripts/broken.py", which can't be read (Python 3.11 says "'(' was never closed")  [graflow-unread]
    ctx.get_typed_channel(str).get("count")  # E: Channel key "count" is read as a value here, but appended to in app.main.show  [graflow-key-shape]
    ctx.get_channel().append("count", 1)  # E: Channel key "count" is appended to here, but set in app.main.make  [graflow-key-shape]
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "int"
    ctx.get_result("laod")  # E: No task has the id "laod", unless in "scripts/broken.py", which can't be read (Python 3.11 says "'(' was never closed"); did you mean "load"?  [graflow-unread]
