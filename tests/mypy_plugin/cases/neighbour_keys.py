# A constant of another package is followed, and a schema has its fields.

# === site-packages/kit/__init__.py

# === site-packages/kit/keys.py
USER = "user"

# === site-packages/kit/schemas.py
from typing_extensions import TypedDict
from graflow import TypedChannel

class User(TypedDict):
    name: str

Users = TypedChannel[User]

# === app/main.py
from graflow import TaskExecutionContext
from kit.keys import USER
from kit.schemas import User

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set(USER, {"name": "Ada"})  # E: Channel key "user" is used as "User" here, but as "int" in app.main.use  [graflow-key-type]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("user")
    ctx.get_typed_channel(int).get("user")  # E: Channel key "user" is used as "int" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_channel().get("usre")  # E: Channel key "usre" is read but never written; did you mean "user"?  [graflow-key-unknown]
