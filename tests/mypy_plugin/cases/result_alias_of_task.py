# The decorator by other names.

# === app/tasks.py
from graflow import task
import graflow
import graflow as g
from graflow import task as step

@step
def one() -> int:
    return 1
@graflow.task("2")
def two() -> str:
    return ""
@g.task
def three() -> float:
    return 1.0
def build() -> None:
    @step
    def inner() -> bytes:
        return b""
    inner.run()
def mark() -> None:
    step("marked")(len)

# === app/inside.py
def build() -> None:
    from graflow import task as piece

    @piece
    def deep() -> bool:
        return True
    deep.run()
def more() -> None:
    import graflow as flow

    made = flow.task
    @made
    def deeper() -> bool:
        return True
    deeper.run()

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("one"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("2"))  # N: Revealed type is "str"
    reveal_type(ctx.get_result("three"))  # N: Revealed type is "float"
    reveal_type(ctx.get_result("inner"))  # N: Revealed type is "bytes"
    ctx.get_result("marked")
    reveal_type(ctx.get_result("deep"))  # N: Revealed type is "bool"
    reveal_type(ctx.get_result("deeper"))  # N: Revealed type is "bool"
