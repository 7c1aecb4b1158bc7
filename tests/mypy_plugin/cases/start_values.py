# What a run starts with must be what some reader takes, even where no task writes it.

from typing import NotRequired, TypedDict
from graflow import TaskExecutionContext, task, workflow


class Settings(TypedDict):
    table: str


class Config(TypedDict):
    version: int
    names: NotRequired[list[str]]


@task(inject_context=True)
def extract(ctx: TaskExecutionContext, settings: Settings, batch: int, ratio: float) -> int:
    ctx.get_keyed_channel(Config).set("names", ["a"])  # E: Channel key "names" is used as "list[str]" here, but as "int" in app.main  [graflow-key-type]
    return batch


@task
def other(batch: str, note: str | None = None) -> str:
    return batch


with workflow("etl") as wf:
    extract >> other

SETTINGS: Settings = {"table": "t"}
wf.execute(initial_channel={"settings": SETTINGS, "batch": 10, "version": 1})
wf.execute(initial_channel={"settings": 3, "batch": "ten", "version": 2})  # E: Channel key "settings" is used as "int" here, but as "Settings" in app.main.extract by a parameter that is not bound  [graflow-key-type]
wf.execute(initial_channel={"settings": {"table": "t"}, "batch": 1.5, "ratio": 1})  # E: Channel key "batch" is used as "float" here, but as "int" in app.main.extract by a parameter that is not bound  [graflow-key-type]
wf.execute(initial_channel={"version": "one", "ratio": "half", "note": None})  # E: Channel key "ratio" is used as "str" here, but as "float" in app.main.extract by a parameter that is not bound  [graflow-key-type]  # E: Channel key "version" is used as "str" here, but as "int" in schema "Config"  [graflow-key-type]
wf.execute(initial_channel={"names": 3, "note": 3})  # E: Channel key "names" is used as "int" here, but as "list[str]" in app.main.extract  [graflow-key-type]  # E: Channel key "note" is used as "int" here, but as "str | None" in app.main.other by a parameter that is not bound  [graflow-key-type]
wf.execute(initial_channel={"version": wf, "unread": 3})
