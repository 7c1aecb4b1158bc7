# A bound method that was made a task.

from graflow import TaskExecutionContext, task

class Service:
    def load(self) -> int:
        return 1
class Special(Service):
    async def save(self) -> str:
        return ""
service = Service()
task("first")(service.load)
task("second")(Special().load)
task("third")(Special().save)
def use(ctx: TaskExecutionContext) -> None:
    reveal_type(ctx.get_result("first"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("second"))  # N: Revealed type is "int"
    reveal_type(ctx.get_result("third"))  # N: Revealed type is "str"
