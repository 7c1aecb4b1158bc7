# A constant of a class is known where a method asks for it, unless it may be another one.

# === app/base.py
from graflow import ExecutionContext

class Service:
    KEY = "user"
    LOG: str = "log"

    def __init__(self, ctx: ExecutionContext) -> None:
        self.ctx = ctx

    def make(self) -> None:
        self.ctx.get_channel().set(self.KEY, "Ada")
        self.ctx.get_channel().append(self.LOG, "made")

    @classmethod
    def of_class(cls, ctx: ExecutionContext) -> None:
        ctx.get_typed_channel(int).get(cls.KEY)  # E: Channel key "admin" is used as "int" here, but as "str" in app.base.Service.make  [graflow-key-type]

    def use(self) -> None:
        self.ctx.get_typed_channel(int).get(self.KEY)  # E: Channel key "admin" is used as "int" here, but as "str" in app.base.Service.make  [graflow-key-type]
        self.ctx.get_channel().get("usr")  # E: Channel key "usr" is read but never written; did you mean "user"?  [graflow-key-unknown]
        self.ctx.get_channel().get("admin")

# === app/admin.py
from app.base import Service as Base

class Admin(Base):
    KEY = "admin"
