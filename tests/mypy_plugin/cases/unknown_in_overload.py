# A call that is an argument of an overloaded call is reported once.

from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    print(sorted([ctx.get_channel().get("b")], key=lambda each: ctx.get_typed_channel(int).get("c")))  # E: Channel key "b" is read but never written  [graflow-key-unknown]  # E: Channel key "c" is read but never written  [graflow-key-unknown]
