# Other names of the decorator, made in one module and used in others that never say its own.

# === app/compat.py
from graflow import task

step = task
eager = task(max_retries=0)

# === app/prelude.py
from app.compat import eager, step as renamed

__all__ = ["eager", "renamed"]

# === app/jobs.py
from app.compat import step
from app.prelude import eager, renamed
from app import prelude

@step
def one() -> int:
    return 1
@renamed("second")
def two() -> str:
    return ""
@eager
def three() -> float:
    return 1.0
@prelude.renamed
def four() -> bytes:
    return b""
def five() -> bool:
    return True
step("fifth")(five)
def build() -> None:
    @renamed
    def inner() -> int:
        return 1
    inner.run()

# === app/stars.py
from graflow import *
from app.compat import *

@task
def six() -> int:
    return 1
@step
def seven() -> int:
    return 1

# === app/use.py
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("one"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("second"))  # N: Revealed type is "str"
    reveal_type(ctx.get_result("three"))  # N: Revealed type is "float"
    reveal_type(ctx.get_result("four"))  # N: Revealed type is "bytes"
    reveal_type(ctx.get_result("fifth"))  # N: Revealed type is "bool"
    reveal_type(ctx.get_result("six"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("seven"))  # N: Revealed type is "int"
    ctx.get_result("secnd")  # E: No task has the id "secnd"; did you mean "second"?  [graflow-result]
    reveal_type(ctx.get_result("inner"))  # N: Revealed type is "int"
