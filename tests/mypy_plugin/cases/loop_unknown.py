# What a loop goes through may be unknown; then so are the keys.

from graflow import TaskExecutionContext

TABLE = {"ada": "bob"}

def names() -> list[str]:
    return ["ada"]
def make(ctx: TaskExecutionContext, extra: list[str]) -> None:
    for one in names():
        ctx.get_channel().set(f"a:{one}", 1)
    for two in [*extra, "ada"]:
        ctx.get_channel().set(f"b:{two}", 1)
    for three in TABLE.values():
        ctx.get_channel().set(f"c:{three}", 1)
    for four in zip(extra, TABLE):
        ctx.get_channel().set(f"d:{four}", 1)
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["a:x", "b:x", "c:bob", "d:x"])
    ctx.get_channel().get("c:ada")  # E: Channel key "c:ada" is read but never written; did you mean "b:ada"?  [graflow-key-unknown]
