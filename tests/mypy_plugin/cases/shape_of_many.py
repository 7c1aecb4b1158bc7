# `set_many` sets each key to what stands beside it.

from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, given: int) -> None:
    ctx.get_channel().set_many({"name": "Ada", "logs": [], "count": given, "pair": (1, 2), "map": {}})  # E: Channel key "map" is set here, but appended to in app.main.use  [graflow-key-shape]  # E: Channel key "name" is set here, but appended to in app.main.use  [graflow-key-shape]  # E: Channel key "pair" is set here, but appended to in app.main.use  [graflow-key-shape]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("name", 1)  # E: Channel key "name" is appended to here, but set in app.main.make  [graflow-key-shape]
    ctx.get_channel().append("logs", 1)
    ctx.get_channel().append("pair", 1)  # E: Channel key "pair" is appended to here, but set in app.main.make  [graflow-key-shape]
    ctx.get_channel().append("map", 1)  # E: Channel key "map" is appended to here, but set in app.main.make  [graflow-key-shape]
    ctx.get_typed_channel(int).get("name")  # E: Channel key "name" is read as a value here, but appended to in app.main.use  [graflow-key-shape]
    ctx.get_typed_channel(str).get("count")
