# A key that only computed keys can be is of the type of these.

from typing import TypedDict

from graflow import Key, KeyPattern, Keys, TaskExecutionContext

class User(TypedDict):
    name: str
class Job(TypedDict):
    command: str
class State(Keys):
    worker = KeyPattern("worker:{host}/{number}", Job)

def make(ctx: TaskExecutionContext, uid: str, user: User, job: Job) -> None:
    ctx.get_typed_channel(User).set(f"user:{uid}", user)
    ctx.get_typed_channel(User).append(f"users:{uid}", user)
    ctx.get_channel(State).set(State.worker(host=uid, number=1), job)
    ctx.get_typed_channel(User).set(f"mixed:{uid}", user)
    ctx.get_typed_channel(int).set("mixed:count", 3)
    ctx.get_channel().set(f"plain:{uid}", uid)
    ctx.get_channel().set(f"any:{uid}", user)

def use(ctx: TaskExecutionContext, uid: str) -> None:
    numbers = ctx.get_typed_channel(int)
    ctx.get_typed_channel(User).get("user:0")
    numbers.get("user:1")  # E: Channel key "user:1" is used as "int" here, but as "User" in app.main.make  [graflow-key-type]
    numbers.get("user:2", default=None)
    numbers.get("users:1")  # E: Channel key "users:1" is read as a value here, but appended to in app.main.make  [graflow-key-shape]
    numbers.get_list("users:2")  # E: Channel key "users:2" is used as "int" here, but as "User" in app.main.make  [graflow-key-type]
    numbers.get("worker:a/1")  # E: Channel key "worker:a/1" is used as "int" here, but as "Job" in app.main.make  [graflow-key-type]
    numbers.get("mixed:count")
    numbers.get(f"{uid}:count")
    numbers.get("plain:1")
    numbers.get("any:1")
    numbers.get("usr:1")  # E: Channel key "usr:1" is read but never written  [graflow-key-unknown]
    ctx.get_channel().get("user:1")
