# A declared pattern is called with a value for each of its fields.

from graflow import KeyPattern, Keys, TaskExecutionContext

class State(Keys):
    worker = KeyPattern("worker:{host}/{{x}}/{number}", int)

def use(ctx: TaskExecutionContext, values: dict[str, str]) -> None:
    channel = ctx.get_channel(State)
    channel.set(State.worker(host="a", number=1), 1)
    channel.set(State.worker(**values), 1)
    channel.set(State.worker(hots="a", number=1), 1)  # E: Key pattern "State.worker" has no field "hots"; did you mean "host"?  [graflow-key-unknown]
    channel.set(State.worker(host="a", number=1, more=2), 1)  # E: Key pattern "State.worker" has no field "more"  [graflow-key-unknown]
    channel.get(State.worker(host="a"))  # E: Key pattern "State.worker" needs a value for "number"  [graflow-key-unknown]
    channel.get(State.worker())  # E: Key pattern "State.worker" needs a value for "host" and "number"  [graflow-key-unknown]
    key = State.worker(number=1)
    channel.delete(key)  # E: Key pattern "State.worker" needs a value for "host"  [graflow-key-unknown]
