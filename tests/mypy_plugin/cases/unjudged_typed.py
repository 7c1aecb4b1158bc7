# A computed key of a typed channel may be a key that is read with a type that fits, and no other.

from typing import TypedDict

from graflow import TaskExecutionContext

class User(TypedDict):
    name: str

class Order(TypedDict):
    price: float

def make(ctx: TaskExecutionContext, key: str, user: User) -> None:
    ctx.get_typed_channel(User).set(key, user)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(User).get("user")  # N: graflow: unknown keys are not judged: app/main.py:14 computes a key, perhaps "anything" or "perhaps" or "user"
    ctx.get_typed_channel(User | None).get("perhaps")
    ctx.get_channel().get("anything")
    ctx.get_typed_channel(Order).get("order")  # E: Channel key "order" is read but never written  [graflow-key-unknown]
    ctx.get_typed_channel(int).get("count")  # E: Channel key "count" is read but never written  [graflow-key-unknown]
    ctx.get_typed_channel(User).get_list("users")  # E: Channel key "users" is read but never written  [graflow-key-unknown]
