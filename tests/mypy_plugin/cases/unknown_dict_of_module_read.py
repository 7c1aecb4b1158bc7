# A dictionary of a module that is only read has the keys of its display.

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
    return {}

# === app/use.py
from app.start import values
from graflow import TaskExecutionContext, workflow

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("begun")
    ctx.get_channel().get("filled")  # E: Channel key "filled" is read but never written  [graflow-key-unknown]
with workflow("w") as wf:
    wf.execute(initial_channel=values)
