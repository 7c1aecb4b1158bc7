# A constant of a class that some method changes is unknown.

from graflow import ExecutionContext

class Service:
    KEY = "user"

    def __init__(self, ctx: ExecutionContext, tenant: str) -> None:
        self.ctx = ctx
        self.KEY = f"{tenant}:user"

    def make(self) -> None:
        self.ctx.get_channel().set(self.KEY, 1)

    def use(self) -> None:
        self.ctx.get_channel().get("acme:user")  # N: graflow: unknown keys are not judged: app/main.py:13 computes a key, perhaps "acme:user"
