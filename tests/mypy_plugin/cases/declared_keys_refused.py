# What a channel of declared keys refuses is reported there, and says nothing of the key elsewhere.
# === app/main.py
from graflow import Key, Keys, TaskExecutionContext


class State(Keys):
    logs = Key(list[str])
    count = Key(int)


def use(ctx: TaskExecutionContext) -> None:
    state = ctx.get_channel(State)
    state.append(State.logs, "a")  # E: Channel key "logs" is appended to here, but set in app.main.use  [graflow-key-shape]
    state.atomic_add(State.logs)  # E: Argument 1 to "atomic_add" of "KeysChannel" has incompatible type "ListKey[str, State]"; expected "Key[int, State]"  [arg-type]
    state.set(State.count, 1)
    state.append(State.count, 1)  # E: Argument 1 to "append" of "KeysChannel" has incompatible type "Key[int, State]"; expected "Appendable[[int], State]"  [arg-type]
    ctx.get_typed_channel(str).append("logs", "b")  # E: Channel key "logs" is appended to here, but set in app.main.use  [graflow-key-shape]
    ctx.get_typed_channel(str).set("logs", "b")  # E: Channel key "logs" is set here, but appended to in app.main.use  [graflow-key-shape]
