# So may that of a dictionary which gets more items.

# === app/start.py
élan: dict[str, object] = {"begun": 1}

# === app/fill.py
from app.start import élan

def fill() -> None:
    élan["filled"] = 1

# === app/use.py
from app.start import élan
from graflow import TaskExecutionContext, workflow

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("filled")  # N: graflow: unknown keys are not judged: app/use.py:7 starts a run with keys that are computed, perhaps "filled"
with workflow("w") as wf:
    wf.execute(initial_channel=élan)
