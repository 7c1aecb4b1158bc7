# A constant of a class that instances may have in another way is unknown.

from dataclasses import dataclass

from graflow import ExecutionContext

@dataclass
class Made:
    ctx: ExecutionContext
    KEY: str = "made"

    def make(self) -> None:
        self.ctx.get_channel().set(self.KEY, 1)

    def use(self) -> None:
        self.ctx.get_channel().get("made_")  # N: graflow: unknown keys are not judged: app/main.py:13 computes a key, perhaps "made_"
