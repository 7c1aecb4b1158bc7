# A loop goes through the items of a constant, wherever that is.

# === app/names.py
NAMES = ("ada", "bob")
LISTED: list[str] = ["cyd", "dan"]
TABLE = {"eve": 1, "fay": 2}
PAIRS = [("gus", 1), ("hal", 2)]
FROZEN = frozenset({"ian"})

# === app/make.py
from app import names
from app.names import LISTED, NAMES, PAIRS, TABLE
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    for one in NAMES:
        channel.set(one, 1)
    for two in sorted(LISTED):
        channel.set(two, 1)
    for number, three in enumerate(TABLE):
        channel.set(three, number)
    for four, value in PAIRS:
        channel.set(f"pair:{four}", value)
    for five in {"jim", "kim"}:
        channel.set(five, 1)
    for six in names.FROZEN:
        channel.set(six, 1)
    for seven, amount in TABLE.items():
        channel.set(f"item:{seven}", amount)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    for name in ("ada", "bob", "cyd", "dan", "eve", "ian", "jim"):
        channel.get(name)
    channel.get("fay")
    channel.get_many(["kim", "pair:gus", "pair:hal", "item:eve"])
    channel.get("aad")  # E: Channel key "aad" is read but never written  [graflow-key-unknown]
    channel.get("pair:fay")  # E: Channel key "pair:fay" is read but never written; did you mean "pair:hal"?  [graflow-key-unknown]
    channel.get("item:gus")  # E: Channel key "item:gus" is read but never written  [graflow-key-unknown]
    channel.get("gus")  # E: Channel key "gus" is read but never written  [graflow-key-unknown]
