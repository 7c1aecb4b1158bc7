# A dictionary of a module may get more items in any function.

# === app/start.py
START = {"begun": 1}
def extend() -> None:
    START["in_module"] = 1

# === app/more.py
from app.start import START
from graflow import workflow

def run() -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel=START)

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("in_module")  # N: graflow: unknown keys are not judged: app/more.py:6 starts a run with keys that are computed, perhaps "in_module"
