# A script belongs to the program that it imports.

# === scripts/seed.py
import app.main
from graflow import TaskExecutionContext

def seed(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("user", "text")
    app.main.use(ctx)

# === app/main.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get("user")  # E: Channel key "user" is used as "int" here, but as "str" in seed.seed  [graflow-key-type]
