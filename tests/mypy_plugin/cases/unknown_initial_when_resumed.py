# What a run that may go on is given by name is written.

# === app/start.py
from graflow import Workflow

def begin(wf: Workflow) -> None:
    wf.run(checkpoint="run.json", initial_channel={"day": 1})

# === app/go_on.py
from graflow import Workflow

async def go_on(wf: Workflow) -> None:
    values = {"night": 1}
    await wf.aresume("run.json", initial_channel=values)
    await wf.arun(checkpoint="run.json", initial_channel=dict(noon=1))
    wf.resume("run.json", initial_channel={"evening": ""})  # E: Channel key "evening" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]

# === app/main.py
import subprocess
from typing import Any
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    for key in ("day", "night", "noon", "evening"):
        ctx.get_channel().get(key)
    count: int = ctx.get_typed_channel(int).get("evening")  # E: Channel key "evening" is used as "int" here, but as "str" in app.go_on.go_on  [graflow-key-type]
    ctx.get_channel().get("mourning")  # E: Channel key "mourning" is read but never written  [graflow-key-unknown]
def other(text: str, more: Any) -> None:
    subprocess.run([text], env=more)
    subprocess.run([text], **more)
