"""Typed channels."""

from collections.abc import Callable
from typing import TypedDict

from graflow import TaskExecutionContext


class User(TypedDict):
    name: str
    age: int


class Order(TypedDict):
    price: float


NOBODY: User = {"name": "", "age": 0}


def store(ctx: TaskExecutionContext) -> None:
    users = ctx.get_typed_channel(User)
    users.set("ann", {"name": "Ann", "age": 30})  # right: type of a field
    users.set("bob", {"name": "Bob", "age": "30"})  # mistake: type of a field
    users.set("cem", {"name": "Cem", "age": 30})  # right: missing field
    users.set("dan", {"name": "Dan"})  # mistake: missing field
    users.set("eve", {"name": "Eve", "age": 30})  # right: unknown field
    users.set("fay", {"name": "Fay", "age": 30, "mail": "fay@here"})  # mistake: unknown field
    users.append("staff", {"name": "Ann", "age": 30})  # right: type of an item
    users.append("staff", "Ann")  # mistake: type of an item
    users.append("team", {"name": "Ann", "age": 30})  # beside: list read as a value
    users.set_many({"gil": {"name": "Gil", "age": 30}})  # right: value of several
    users.set_many({"hal": ["Hal", 30]})  # mistake: value of several
    users.update("ann", lambda user: {**user, "age": user["age"] + 1})  # right: updated value
    users.update("cem", lambda user: user["age"] + 1)  # mistake: updated value


def read(ctx: TaskExecutionContext) -> None:
    users, orders = ctx.get_typed_channel(User), ctx.get_typed_channel(Order)
    print(users.get("ann")["name"])  # right: misspelled field
    print(users.get("ann")["nmae"])  # mistake: misspelled field
    print(users.get("cem")["age"] + 1)  # right: type of what is read
    print(users.get("cem")["age"] + "1")  # mistake: type of what is read
    print((users.get("eve", None) or NOBODY)["name"])  # right: default is None
    print(users.get("eve", None)["name"])  # mistake: default is None
    print((users.pop("staff") or NOBODY)["name"])  # right: nothing to pop
    print(users.pop("staff")["name"])  # mistake: nothing to pop
    print(users.get("gil"))  # right: misspelled key
    print(users.get("gli"))  # mistake: misspelled key
    print(users.get_list("staff"))  # right: list read as a value
    print(users.get("team"))  # mistake: list read as a value
    orders.set("last order", {"price": 2.5})  # right: another schema
    orders.set("guest", {"price": 2.5})  # mistake: another schema
    print(orders.get("last order"), users.get("guest"))  # beside: another schema
    ctx.get_typed_channel(list[int])  # right: schema that can't be stored
    ctx.get_typed_channel(list[Callable[[], None]])  # mistake: schema that can't be stored
