# A channel that is not strict takes what can be converted to its schema.

from typing import TypedDict

from graflow import Key, Keys, TaskExecutionContext, Transaction, TypedChannel

class State(TypedDict):
    keyed: int
class Declared(Keys):
    declared = Key(int)

def make(ctx: TaskExecutionContext) -> None:
    for_text = ctx.get_typed_channel(str)
    for_text.set("typed", "3")
    for_text.set("put in front", "3")
    for_text.set("keyed", "3")
    for_text.set("declared", "3")
    for_text.set("transacted", "3")
    for_text.set("perhaps", "3")
    for_text.set("strict", "3")  # E: Channel key "strict" is used as "str" here, but as "int" in app.main.use  [graflow-key-type]
    for_text.set("list", "3")  # E: Channel key "list" is set here, but read as a list in app.main.use  [graflow-key-shape]

def use(ctx: TaskExecutionContext, is_strict: bool) -> None:
    ctx.get_typed_channel(int, strict=False).get("typed")
    TypedChannel(ctx.get_channel(), int, strict=False).get("put in front")
    ctx.get_keyed_channel(State, strict=False).get("keyed")
    ctx.get_channel(Declared, strict=False).get(Declared.declared)
    ctx.get_channel().transact(read)
    ctx.get_typed_channel(int, strict=is_strict).get("perhaps")
    ctx.get_typed_channel(int, strict=True).get("strict")  # E: Channel key "strict" is used as "int" here, but as "str" in app.main.make  [graflow-key-type]
    ctx.get_typed_channel(int, strict=False).get_list("list")  # E: Channel key "list" is read as a list here, but set in app.main.make  [graflow-key-shape]

def read(tx: Transaction) -> None:
    tx.typed(int, strict=False).get("transacted")
