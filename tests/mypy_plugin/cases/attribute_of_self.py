# What a class keeps of a context is known in its methods.

from typing import TypedDict

from graflow import TaskExecutionContext, TypedChannel

class User(TypedDict):
    name: str
class Order(TypedDict):
    price: float

class Service:
    def __init__(self, ctx: TaskExecutionContext) -> None:
        self._users = ctx.get_typed_channel(User)
        self.orders: TypedChannel[Order] = ctx.get_typed_channel(Order)
        self.channel = ctx.get_channel()
        self._keyed = ctx.get_keyed_channel(User)

    def make(self) -> None:
        self._users.set("user", {"name": ""})  # E: Channel key "user" is set here, but appended to in app.main.Service.use  [graflow-key-shape]
        self.orders.set("order", {"price": 1.0})  # E: Channel key "order" is used as "Order" here, but as "User" in app.main.Service.use  [graflow-key-type]
        self.channel.set("plain", 1)
        self._keyed.set("name", "")

    def use(self) -> None:
        self._users.get("order")  # E: Channel key "order" is used as "User" here, but as "Order" in app.main.Service.make  [graflow-key-type]
        self.orders.get("order")
        self._users.get("usre")  # E: Channel key "usre" is read but never written; did you mean "user"?  [graflow-key-unknown]
        self.channel.get("plian")  # E: Channel key "plian" is read but never written; did you mean "plain"?  [graflow-key-unknown]
        self.channel.append("user", 1)  # E: Channel key "user" is appended to here, but set in app.main.Service.make  [graflow-key-shape]
        def inner() -> None:
            self._users.get("order")  # E: Channel key "order" is used as "User" here, but as "Order" in app.main.Service.make  [graflow-key-type]
        inner()
