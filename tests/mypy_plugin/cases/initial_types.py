# What a run starts with is set to the types of its values.

from graflow import TaskExecutionContext, workflow

START = {"module": "three"}

def run(given: str) -> None:
    start: dict[str, object] = {"local": "three"}
    start["more"] = 1
    workflow("w").execute(initial_channel={"count": "three", "name": "Ada", "any": given})  # E: Channel key "count" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
    workflow("w").execute(initial_channel=START)  # E: Channel key "module" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
    workflow("w").execute(initial_channel=start)  # E: Channel key "local" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
    workflow("w").execute(initial_channel=dict(by_name=[1, 2]))  # E: Channel key "by_name" is used as "list[int]" here, but as "int" in app.main.use  [graflow-key-type]
    next(iter(workflow("w").stream(initial_channel={"streamed": "three"})))  # E: Channel key "streamed" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
async def run_on_loop() -> None:
    await workflow("w").aexecute(initial_channel={"awaited": "three"})  # E: Channel key "awaited" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
    async for _ in workflow("w").astream(initial_channel={"streamed on a loop": "three"}):  # E: Channel key "streamed on a loop" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
        pass
def use(ctx: TaskExecutionContext) -> None:
    numbers = ctx.get_typed_channel(int)
    numbers.get("count")  # E: Channel key "count" is used as "int" here, but as "str" in app.main.run  [graflow-key-type]
    numbers.get("module")  # E: Channel key "module" is used as "int" here, but as "str" in app.main.run  [graflow-key-type]
    numbers.get("local")  # E: Channel key "local" is used as "int" here, but as "str" in app.main.run  [graflow-key-type]
    numbers.get("more")
    numbers.get("by_name")  # E: Channel key "by_name" is used as "int" here, but as "list[int]" in app.main.run  [graflow-key-type]
    numbers.get("any")
    numbers.get("streamed")  # E: Channel key "streamed" is used as "int" here, but as "str" in app.main.run  [graflow-key-type]
    numbers.get("awaited")  # E: Channel key "awaited" is used as "int" here, but as "str" in app.main.run_on_loop  [graflow-key-type]
    numbers.get("streamed on a loop")  # E: Channel key "streamed on a loop" is used as "int" here, but as "str" in app.main.run_on_loop  [graflow-key-type]
    ctx.get_typed_channel(str).get("name")
    ctx.get_typed_channel(list[int]).get("by_name")
