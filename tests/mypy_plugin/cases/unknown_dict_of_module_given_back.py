# A dictionary of a module may get more items from whom it is returned to.

# === app/start.py
values: dict[str, object] = {"begun": 1}

# === app/elsewhere.py
from app import start
from app.start import values as given

def fill(more: dict[str, object]) -> None:
    more["filled"] = 1
def go(verbose: bool) -> dict[str, object]:
    print(len(given), dict(start.values), given["begun"], {**given})
    for key in given:
        print(key)
    return given

# === app/use.py
from app.start import values
from graflow import TaskExecutionContext, workflow

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("begun")  # N: graflow: unknown keys are not judged: app/use.py:8 starts a run with keys that are computed, perhaps "begun" or "filled"
    ctx.get_channel().get("filled")
with workflow("w") as wf:
    wf.execute(initial_channel=values)
