# What the standard library has is no channel.

# === app/main.py
import configparser
from collections import OrderedDict
from graflow import TaskExecutionContext

class Settings(configparser.RawConfigParser):
    pass
def use(ctx: TaskExecutionContext, parser: configparser.RawConfigParser) -> None:
    parser.set("a", "b", "c")
    Settings().set("a", "b", "c")
    ctx.get_channel().get("a")  # E: Channel key "a" is read but never written  [graflow-key-unknown]
