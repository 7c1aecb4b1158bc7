# An attribute that may be something else is left alone.

from typing import TypedDict

from graflow import TaskExecutionContext, TypedChannel

class User(TypedDict):
    name: str

class Service:
    def __init__(self, ctx: TaskExecutionContext, other: TypedChannel[User]) -> None:
        self.twice = ctx.get_typed_channel(User)
        self.either = ctx.get_typed_channel(User)
        self.gone = ctx.get_typed_channel(User)
        self.first, self.second = ctx.get_typed_channel(User), other

    def change(self, other: TypedChannel[User]) -> None:
        self.twice = other
        del self.gone
        for self.either in [other]:
            pass

    def use(self, given: "Service") -> None:
        self.twice.get("a")
        self.either.get("b")
        self.gone.get("c")
        self.first.get("d")
        given.twice.get("e")

    @staticmethod
    def still(given: "Service") -> None:
        given.first.get("f")
