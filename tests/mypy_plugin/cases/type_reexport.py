# Classes are the same by whatever way they are imported.

# === app/__init__.py
from app.models import User as User


# === app/models.py
from typing_extensions import TypedDict

class User(TypedDict):
    name: str

# === app/use.py
from typing_extensions import TypedDict
from graflow import TaskExecutionContext
import app
import app.models as m
from app.models import *

class User(TypedDict):  # E: Name "User" already defined (possibly by an import)  [no-redef]
    name: str


def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(app.User).set("k", {"name": "Ada"})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(m.User).get("k")
    ctx.get_typed_channel(User).get("k")
