# A constant with a typo is found where it is read.

# === app/keys.py

USER = "usre"

# === app/use.py
from graflow import TaskExecutionContext
from app import keys

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("user", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get(keys.USER)  # E: Channel key "usre" is read but never written; did you mean "user"?  [graflow-key-unknown]
