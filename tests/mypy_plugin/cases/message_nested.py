# The difference is looked for where it is: in a class inside.

# === app/models.py
from typing import TypedDict

class Address(TypedDict):
    town: str
    code: int

class User(TypedDict):
    name: str
    address: list[Address]

# === app/make.py
from app.models import User
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, user: User) -> None:
    ctx.get_typed_channel(User).set("user", user)  # E: Channel key "user" is used as "app.models.User" here, but as "app.shop.User" in app.shop.show (app.models.Address.code: int, app.shop.Address.code: str | None)  [graflow-key-type]

# === app/shop.py
from typing import TypedDict

from graflow import TaskExecutionContext

class Address(TypedDict):
    town: str
    code: str | None

class User(TypedDict):
    name: str
    address: list[Address]

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("user")  # E: Channel key "user" is used as "app.shop.User" here, but as "app.models.User" in app.make.make (app.shop.Address.code: str | None, app.models.Address.code: int)  [graflow-key-type]
