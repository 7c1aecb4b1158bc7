# Two classes of one name with the same fields are the same to a channel.

# === app/models.py
from typing import TypedDict

class User(TypedDict):
    name: str
    age: int

# === app/make.py
from app.models import User
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, user: User) -> None:
    ctx.get_typed_channel(User).set("user", user)

# === app/shop.py
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from graflow import TaskExecutionContext

class User(TypedDict):
    age: int
    name: str

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("user")
