# Without a schema a tuple or a set is kept as what it is, and is no list; with one it is.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set("pair", (1, 2))  # E: Channel key "pair" is set here, but appended to in app.main.use  [graflow-key-shape]
    ctx.get_channel().set("set", {1, 2})  # E: Channel key "set" is set here, but appended to in app.main.use  [graflow-key-shape]
    ctx.get_channel().set("list", [1, 2])
    ctx.get_typed_channel(tuple[int, ...]).set("typed", (1, 2))
    ctx.get_typed_channel(set[int]).set("typed set", {1, 2})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("pair", 3)  # E: Channel key "pair" is appended to here, but set in app.main.make  [graflow-key-shape]
    ctx.get_channel().pop("pair")  # E: Channel key "pair" is popped as a list here, but set in app.main.make  [graflow-key-shape]
    ctx.get_channel().append("set", 3)  # E: Channel key "set" is appended to here, but set in app.main.make  [graflow-key-shape]
    ctx.get_channel().append("list", 3)
    ctx.get_channel().append("typed", 3)
    ctx.get_channel().append("typed set", 3)
