# An unknown key, with a suggestion.

from typing_extensions import TypedDict
from graflow import TaskExecutionContext

class State(TypedDict):
    count: int
def use(ctx: TaskExecutionContext) -> None:
    state = ctx.get_keyed_channel(State)
    state.set("cuont", 3)  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    state.get("cuont")  # E: "State" has no channel key "cuont"; did you mean "count"?  [graflow-key-unknown]
    state.exists("xyz")  # E: "State" has no channel key "xyz"  [graflow-key-unknown]
    state.get_all()["count"]
