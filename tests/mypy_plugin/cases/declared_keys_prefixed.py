# The prefix of a class is a part of its keys; one that is computed may be anything.
# === app/main.py
from graflow import Key, KeyPattern, Keys, TaskExecutionContext

START = "q:"


class Prefixed(Keys, prefix="p:"):
    count = Key(int)
    named = Key(int, name="name")
    by_id = KeyPattern("user:{id}", int)


class Derived(Prefixed):
    rate = Key(float)


class Other(Prefixed, prefix=START):
    size = Key(int)


class Computed(Keys, prefix=START.upper()):
    text = Key(str)


def write(ctx: TaskExecutionContext) -> None:
    ctx.get_channel(Prefixed).set(Prefixed.count, 1)  # E: Channel key "p:count" is used as "int" here, but as "bytes" in app.main.read  [graflow-key-type]
    ctx.get_channel(Derived).set(Derived.named, 1)
    ctx.get_channel(Derived).set(Derived.rate, 1.5)  # E: Channel key "p:rate" is used as "float" here, but as "bytes" in app.main.read  [graflow-key-type]
    ctx.get_channel(Other).set(Other.size, 1)
    ctx.get_channel(Prefixed).set(Prefixed.by_id(id=1), 1)
    ctx.get_channel(Computed).set(Computed.text, "")


def read(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(int).get_many(["p:count", "p:name", "q:size", "p:user:1"])
    ctx.get_typed_channel(bytes).get("p:count")  # E: Channel key "p:count" is used as "bytes" here, but as "int" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(bytes).get("p:rate")  # E: Channel key "p:rate" is used as "bytes" here, but as "float" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(int).get("p:cuont")  # E: Channel key "p:cuont" is read but never written; did you mean "p:count"?  [graflow-key-unknown]
    ctx.get_typed_channel(int).get("count")  # E: Channel key "count" is read but never written; did you mean "p:count"?  [graflow-key-unknown]
    ctx.get_typed_channel(int).get("q:count")  # E: Channel key "q:count" is read but never written; did you mean "p:count"?  [graflow-key-unknown]
    ctx.get_typed_channel(str).get("anything")  # E: Channel key "anything" is read but never written  [graflow-key-unknown]
