# A loop that reads all of its keys as something else than was written is wrong.

from graflow import TaskExecutionContext

NAMES = ("ada", "bob")
MIXED = ("number", "text")

def make(ctx: TaskExecutionContext) -> None:
    for name in NAMES:
        ctx.get_typed_channel(int).set(name, 1)
    for mixed in MIXED:
        if mixed == "number":
            ctx.get_typed_channel(int).set(mixed, 1)
        else:
            ctx.get_typed_channel(str).set(mixed, "one")
    ctx.get_typed_channel(int).set("three", 3)
    ctx.get_typed_channel(str).set("four", "4")

def use(ctx: TaskExecutionContext) -> None:
    texts = ctx.get_typed_channel(str)
    print([ctx.get_typed_channel(int).get(one) for one in NAMES])
    print([texts.get(one) for one in NAMES])  # E: Channel key "ada" is used as "str" here, but as "int" in app.main.make  [graflow-key-type]
    print([texts.get(one, default="") for one in NAMES])
    for two in NAMES:
        texts.get(two)  # E: Channel key "ada" is used as "str" here, but as "int" in app.main.make  [graflow-key-type]
    texts.get("ada")  # E: Channel key "ada" is used as "str" here, but as "int" in app.main.make  [graflow-key-type]
    for three in MIXED:
        if three == "text":
            texts.get(three)
    for four in ("three", "four"):
        texts.get(four)
    for five in ("ada", "cyd"):
        texts.get(five)
    for six in ("dan", "eve"):
        texts.get(six)  # E: Channel key "dan" is read but never written  [graflow-key-unknown]
    for seven in NAMES:
        texts.get_list(seven)  # E: Channel key "ada" is read as a list here, but set in app.main.make  [graflow-key-shape]
