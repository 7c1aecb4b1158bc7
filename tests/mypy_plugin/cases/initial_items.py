# What a run starts with is known with the items of lists, as far as they are shown.

from graflow import TaskExecutionContext, workflow

def run(name: str) -> None:
    workflow("w").execute(initial_channel={"names": [1, 2], "mixed": ["a", 1], "good": ["a"], "empty": [], "any": [name], "more": [1, *range(3)]})  # E: Channel key "mixed" is used as "list[int | str]" here, but as "list[str]" in app.main.use  [graflow-key-type]  # E: Channel key "names" is used as "list[int]" here, but as "list[str]" in app.main.use  [graflow-key-type]

def use(ctx: TaskExecutionContext) -> None:
    texts = ctx.get_typed_channel(str)
    texts.get_list("names")  # E: Channel key "names" is used as "list[str]" here, but as "list[int]" in app.main.run  [graflow-key-type]
    texts.get_list("mixed")  # E: Channel key "mixed" is used as "list[str]" here, but as "list[int | str]" in app.main.run  [graflow-key-type]
    texts.get_list("good")
    texts.get_list("empty")
    texts.get_list("any")
    texts.get_list("more")
    ctx.get_typed_channel(float).get_list("names")
