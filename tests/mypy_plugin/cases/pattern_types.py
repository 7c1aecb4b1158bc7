# Keys that are computed in one way are of one type.

from typing import TypedDict

from graflow import TaskExecutionContext

class User(TypedDict):
    name: str
class Order(TypedDict):
    price: float

def make(ctx: TaskExecutionContext, uid: str, user: User, order: Order) -> None:
    ctx.get_typed_channel(User).set(f"user:{uid}", user)  # E: Channel key "user:*" is used as "User" here, but as "Order" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(User).set("name/" + uid, user)  # E: Channel key "name/*" is used as "User" here, but as "Order" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(User).set(f"{uid}:user", user)
    ctx.get_typed_channel(User).set(f"{uid}:{uid}", user)
    ctx.get_typed_channel(User).set(f"same:{uid}:user", user)
    ctx.get_channel().append(f"logs:{uid}", 1)  # E: Channel key "logs:*" is appended to here, but set in app.main.use  [graflow-key-shape]
def use(ctx: TaskExecutionContext, number: int) -> None:
    ctx.get_typed_channel(Order).get(f"user:{number}")  # E: Channel key "user:*" is used as "Order" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Order).get(f"name/{number}")  # E: Channel key "name/*" is used as "Order" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Order).get(f"{number}:user")  # E: Channel key "*:user" is used as "Order" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(Order).get(f"{number}:{number}")  # E: Channel key "*:*" is used as "Order" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(User).get(f"same:{number}:user")
    ctx.get_typed_channel(int).get("user:count")  # E: Channel key "user:count" is used as "int" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(int).get(f"user:{number}:age")  # E: Channel key "user:*:age" is used as "int" here, but as "User" in app.main.make  [graflow-key-type]
    ctx.get_channel().set(f"logs:{number}", 1)  # E: Channel key "logs:*" is set here, but appended to in app.main.make  [graflow-key-shape]
