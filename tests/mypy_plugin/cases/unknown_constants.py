# A constant is the same key however it is spelled.

# === app/keys.py
from typing import Final, Literal
from enum import StrEnum

A = "a"
B: Final = "b"
C: Final[str] = "c"
D: Literal["d"] = "d"
E = "e" "e"
F = A + "f"
G = f"{A}:{B}"
class Keys:
    H = "h"
    class Inner:
        I = "i"
class Names(StrEnum):
    J = "j"

# === app/make.py
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    for key in ("a", "b", "c", "d", "ee", "af", "a:b", "h", "i", "j"):
        ctx.get_channel().set(key, 1)

# === app/use.py
from graflow import TaskExecutionContext
import app.keys as keys
from app.keys import A, Keys, Names

def use(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.get_many([A, keys.B, keys.C, keys.D, keys.E, keys.F, keys.G])  # N: graflow: unknown keys are not judged: app/make.py:5 computes a key, perhaps "a" or "a:b" or "af" or 7 more
    channel.get_many([Keys.H, keys.Keys.Inner.I, Names.J, Names.J.value])
