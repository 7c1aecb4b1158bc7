# Of what a comprehension makes, the part that stands there is known.

from graflow import TaskExecutionContext, workflow

NAMES = ("a", "b")
def run() -> None:
    with workflow("w") as wf:
        wf.execute(initial_channel={f"seed:{name}": 0 for name in NAMES})
        wf.execute(initial_channel={key: 0 for key in ("x", "y")})
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get_many(["seed:a", "x", "y", "sead:a"])  # E: Channel key "sead:a" is read but never written; did you mean "seed:a"?  [graflow-key-unknown]
