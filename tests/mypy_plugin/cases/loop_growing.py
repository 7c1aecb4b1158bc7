# A collection that may get more items has no known ones.

# === app/names.py
from app.other import fill

APPENDED = ["a"]
FILLED = ["b"]
ADDED = {"c"}
STORED = ["d"]

def more(name: str) -> None:
    APPENDED.append(name)
    ADDED.add(name)
    STORED[0] = name
    fill(FILLED)

# === app/other.py
def fill(names: list[str]) -> None:
    names.append("x")

# === app/make.py
from app.names import ADDED, APPENDED, FILLED, STORED
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, given: str) -> None:
    for name in APPENDED:
        ctx.get_channel().set(f"appended:{name}", 1)
    for name in FILLED:
        ctx.get_channel().set(f"filled:{name}", 1)
    for name in sorted(ADDED):
        ctx.get_channel().set(f"added:{name}", 1)
    for name in STORED:
        ctx.get_channel().set(f"stored:{name}", 1)
    local = ["e"]
    local.append(given)
    for name in local:
        ctx.get_channel().set(f"local:{name}", 1)
    taken = ["f"]
    taken.extend(given)
    for number, name in enumerate(taken):
        ctx.get_channel().set(f"taken:{name}", number)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["appended:x", "filled:x", "added:x", "stored:x", "local:x"])
    ctx.get_channel().get("taken:x")
    ctx.get_channel().get("nothing:x")  # E: Channel key "nothing:x" is read but never written  [graflow-key-unknown]
