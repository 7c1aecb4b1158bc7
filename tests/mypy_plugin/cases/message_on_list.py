# Two classes of one name, of which lists are made.

# === app/models.py
from typing import TypedDict

class User(TypedDict):
    name: str
    age: int

# === app/make.py
from app.models import User
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, user: User) -> None:
    ctx.get_typed_channel(User).append("user", user)  # E: Channel key "user" is used as "list[app.models.User]" here, but as "list[app.shop.User]" in app.shop.show (app.models.User.age: int, app.shop.User.age: str)  [graflow-key-type]

# === app/shop.py
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from graflow import TaskExecutionContext

class User(TypedDict):
    name: str
    age: str

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get_list("user")  # E: Channel key "user" is used as "list[app.shop.User]" here, but as "list[app.models.User]" in app.make.make (app.shop.User.age: str, app.models.User.age: int)  [graflow-key-type]
