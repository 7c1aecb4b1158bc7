# Such a class is known where it is imported, as a schema of keys too.

# === app/models.py
from typing import TypedDict

State = TypedDict("State", {"count": int, "name": str})

# === app/main.py
from app.models import State as S
from graflow import TaskExecutionContext, task

@task
def load() -> S:
    return {"count": 1, "name": ""}

def use(ctx: TaskExecutionContext, key: str) -> None:
    ctx.get_keyed_channel(S).set("count", 1)  # E: Channel key "count" is used as "int" here, but as "str" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(str).get("count")  # E: Channel key "count" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
    ctx.get_keyed_channel(S).set("cuont", 1)  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    reveal_type(ctx.get_result("load"))  # N: Revealed type is "TypedDict(app.models.State, {'count': int, 'name': str})"
