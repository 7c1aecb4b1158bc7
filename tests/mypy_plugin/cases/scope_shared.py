# What imports from both, is a program of both; what they share belongs to each of them.

# === shared/common/__init__.py

# === shared/common/tools.py
from graflow import TaskExecutionContext

def count(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("count", "text")

# === services/billing/billing/__init__.py

# === services/billing/billing/tasks.py
import common.tools
from graflow import TaskExecutionContext, task

@task
def load() -> str:
    return ""
def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("user", "text")
    ctx.get_channel().append("logs", 1)
    ctx.get_channel().set("there", 1)

# === site-packages/common/__init__.py

# === site-packages/common/tools.py
from typing import Any

def count(ctx: Any) -> None: ...

# === app/main.py
from common.tools import count
from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).set("user", 1)
    ctx.get_channel().set("logs", "")
    ctx.get_channel().get_many(["there", "nowhere"])  # E: Channel key "nowhere" is read but never written  [graflow-key-unknown]
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "int"
    count(ctx)
    ctx.get_typed_channel(int).get("count")  # E: Channel key "count" is used as "int" here, but as "str" in common.tools.count  [graflow-key-type]
