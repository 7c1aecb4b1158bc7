# A function's own tasks go before those of other functions.

from graflow import task, workflow

def one() -> None:
    @task
    def load() -> int:
        return 1
    with workflow("w") as wf:
        _, ctx = wf.execute(ret_context=True)
        reveal_type(ctx.get_result("load"))  # N: Revealed type is "int"
def two() -> None:
    @task
    def load() -> str:
        return ""
    with workflow("w") as wf:
        _, ctx = wf.execute(ret_context=True)
        reveal_type(ctx.get_result("load"))  # N: Revealed type is "str"
