# The same key with two schemas in two modules.

# === app/make.py
from graflow import TaskExecutionContext
from app.models import Order

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Order).set("current_user", {"price": 1.0})  # E: Channel key "current_user" is used as "Order" here, but as "User" in app.use.use  [graflow-key-type]

# === app/models.py
from typing_extensions import TypedDict

class User(TypedDict):
    name: str
class Order(TypedDict):
    price: float

# === app/use.py
from graflow import TaskExecutionContext
from app.models import User

def use(ctx: TaskExecutionContext) -> str:
    return ctx.get_typed_channel(User).get("current_user")["name"]  # E: Channel key "current_user" is used as "User" here, but as "Order" in app.make.make  [graflow-key-type]
