# What `range` and `enumerate` count with are numbers.

from graflow import TaskExecutionContext

NAMES = ("alpha", "beta")


def write(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    for number, name in enumerate(NAMES):
        channel.set(name, number)
    for at in range(3):
        channel.set(f"score:{at}", at)
        channel.set("last", at)  # E: Channel key "last" is used as "int" here, but as "str" in app.main.read  [graflow-key-type]
    for index, at in enumerate(range(3)):
        channel.set("index", index)  # E: Channel key "index" is used as "int" here, but as "str" in app.main.read  [graflow-key-type]
        channel.set("at", at)  # E: Channel key "at" is used as "int" here, but as "str" in app.main.read  [graflow-key-type]


def read(ctx: TaskExecutionContext) -> None:
    print([ctx.get_typed_channel(str).get(name) for name in NAMES])  # E: Channel key "alpha" is used as "str" here, but as "int" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(int).get("alpha")
    ctx.get_typed_channel(float).get("beta")
    ctx.get_typed_channel(str).get("score:1")  # E: Channel key "score:1" is used as "str" here, but as "int" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(int).get("score:1")  # E: Channel key "score:1" is used as "int" here, but as "str" in app.main.read  [graflow-key-type]
    ctx.get_typed_channel(str).get("last")  # E: Channel key "last" is used as "str" here, but as "int" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(str).get("index")  # E: Channel key "index" is used as "str" here, but as "int" in app.main.write  [graflow-key-type]
    ctx.get_typed_channel(str).get("at")  # E: Channel key "at" is used as "str" here, but as "int" in app.main.write  [graflow-key-type]


def own(ctx: TaskExecutionContext) -> None:
    def range(count: int) -> list[str]:
        return ["a"] * count

    for text in range(3):
        ctx.get_channel().set("text", text)
    ctx.get_typed_channel(str).get("text")
