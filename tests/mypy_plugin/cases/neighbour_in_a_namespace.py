# A namespace may have parts that are one's own, and others that are installed.

# === acme/app/__init__.py

# === app/main.py
from acme.kit import make
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    make(ctx, "given")
    ctx.get_channel().get("key")  # N: graflow: unknown keys are not judged: site-packages/acme/kit/__init__.py:4 computes a key, perhaps "key"

# === site-packages/acme/kit/__init__.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_channel().set(key, 1)
