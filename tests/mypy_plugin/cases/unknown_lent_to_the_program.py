# What the program itself does with a channel is known, and so is what the standard library does.

# === app/tools.py
from graflow import Channel

def store(channel: Channel) -> None:
    channel.set("kye", 1)

# === app/main.py
import logging
from app.tools import store
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    store(ctx.get_channel())
    logging.info("%s", ctx)
    print(ctx.get_channel(), isinstance(ctx, TaskExecutionContext))
    ctx.get_channel().get("key")  # E: Channel key "key" is read but never written  [graflow-key-unknown]
