# What a run starts with is a list or not.

from graflow import TaskExecutionContext, workflow

def run() -> None:
    workflow("w").execute(initial_channel={"logs": [], "name": "", "pair": (1, 2), "none": {}})  # E: Channel key "name" is set here, but appended to in app.main.use  [graflow-key-shape]  # E: Channel key "none" is set here, but appended to in app.main.use  [graflow-key-shape]  # E: Channel key "pair" is set here, but appended to in app.main.use  [graflow-key-shape]
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().append("logs", 1)
    ctx.get_channel().append("name", 1)  # E: Channel key "name" is appended to here, but set in app.main.run  [graflow-key-shape]
    ctx.get_channel().append("pair", 1)  # E: Channel key "pair" is appended to here, but set in app.main.run  [graflow-key-shape]
    ctx.get_channel().append("none", 1)  # E: Channel key "none" is appended to here, but set in app.main.run  [graflow-key-shape]
