# The field that differs may be one that only one of them has.

# === app/models.py
from typing import TypedDict

class User(TypedDict):
    name: str
    age: int

# === app/make.py
from app.models import User
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, user: User) -> None:
    ctx.get_typed_channel(User).set("user", user)  # E: Channel key "user" is used as "app.models.User" here, but as "app.shop.User" in app.shop.show (app.models.User.age: int, and no such field in app.shop.User)  [graflow-key-type]

# === app/shop.py
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from graflow import TaskExecutionContext

@dataclass
class User:
    name: str

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("user")  # E: Channel key "user" is used as "app.shop.User" here, but as "app.models.User" in app.make.make (app.models.User.age: int, and no such field in app.shop.User)  [graflow-key-type]
