# What differs may be whether a field has to be there.

# === app/models.py
from typing import TypedDict

class User(TypedDict):
    name: str
    age: int

# === app/make.py
from app.models import User
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, user: User) -> None:
    ctx.get_typed_channel(User).get("user", default=None)  # E: Channel key "user" is used as "app.models.User" here, but as "app.shop.User" in app.shop.show (app.models.User.age is always there, app.shop.User.age may be missing)  [graflow-key-type]

# === app/shop.py
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from graflow import TaskExecutionContext

class User(TypedDict):
    name: str
    age: NotRequired[int]

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).set("user", {"name": ""})  # E: Channel key "user" is used as "app.shop.User" here, but as "app.models.User" in app.make.make (app.models.User.age is always there, app.shop.User.age may be missing)  [graflow-key-type]
