# A run that starts at a task which doesn't exist.
from typing import Any, Final

from graflow import MemoryChannel, Workflow, task, workflow

START: Final = "calculte"
WHOLE = None


@task
def calculate() -> int:
    return 42


@task("store it")
def store() -> None: ...


class Cursor:
    def execute(self, text: str, start_node: str = "") -> None: ...


with workflow("w") as wf:
    calculate >> store
    store(task_id="again") >> store(task_id=f"store {START}")

wf.execute()
wf.execute(None)
wf.execute(start_node=None)
wf.execute("calculate")
wf.execute(calculate)
wf.execute("again", ret_context=True)
wf.execute("store calculte")
wf.execute("calculte")  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
wf.execute(start_node="store")  # E: No task has the id "store"; did you mean "store it"?  [graflow-result]
wf.execute(START, True, {"a": 1})  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
wf.execute(WHOLE)
_, ctx = wf.execute(ret_context=True, start_node="agian")  # E: No task has the id "agian"; did you mean "again"?  [graflow-result]
list(wf.stream("calculte"))  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
Cursor().execute("calculte", start_node="agian")


async def run(given: Workflow, name: str, anything: Any) -> None:
    await given.aexecute("calculte")  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
    await given.aexecute(name)
    async for _ in given.astream(start_node="agian"):  # E: No task has the id "agian"; did you mean "again"?  [graflow-result]
        pass
    given.execute("agian" if name else "again")
    anything.execute("calculte")
    given.execute(name or "calculte")
    given.resume("calculte")
    given.run(checkpoint="run.json", start_node="calculte")  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
    await given.arun(start_node="calculte", checkpoint="run.json")  # E: No task has the id "calculte"; did you mean "calculate"?  [graflow-result]
    given.run(checkpoint="run.json", start_node="calculate")
    calculate.run("calculte")  # type: ignore[call-arg]
