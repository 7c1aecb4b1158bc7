# A task may get another id by way of `partial`.

import functools
from functools import partial as part
from graflow import TaskExecutionContext, task

@task
def crawl() -> int:
    return 1
deep = functools.partial(crawl, task_id="deep")
deeper = part(crawl, task_id="deeper")
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("deep"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("deeper"))  # N: Revealed type is "int"
    ctx.get_result("deepest")  # E: No task has the id "deepest"; did you mean "deeper"?  [graflow-result]
