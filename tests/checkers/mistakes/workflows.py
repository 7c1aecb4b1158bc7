"""Workflows and their runs."""

from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

from graflow import MemoryChannel, RunObserver, TaskExecutionContext, Workflow, runs, task, workflow


class Limits(TypedDict):
    most: int


@task(inject_context=True)
def plan(ctx: TaskExecutionContext) -> int:
    print(ctx.get_channel().get("start"))  # right: misspelled first key
    print(ctx.get_channel().get("stop"))  # mistake: misspelled first key
    return ctx.get_typed_channel(Limits).get("limits")["most"]  # beside: type of a first value


class Whole(RunObserver):
    def task_started(self, event: object) -> None: ...


class Half:
    def task_started(self, event: object) -> None: ...


def execute(wf: Workflow) -> None:
    wf.execute(start_node="plan")  # right: misspelled first task
    wf.execute(start_node="paln")  # mistake: misspelled first task
    wf.execute(initial_channel={"start": 3, "stpo": 4})
    wf.execute(initial_channel={"limits": {"most": 3}})  # right: type of a first value
    wf.execute(initial_channel={"limits": "three"})  # mistake: type of a first value
    wf.execute(initial_channel={"start": 4})  # right: no mapping
    wf.execute(initial_channel=["start"])  # mistake: no mapping
    wf.execute(max_workers=2)  # right: misspelled option
    wf.execute(max_worker=2)  # mistake: misspelled option
    wf.execute(executor=ThreadPoolExecutor)  # right: executor
    wf.execute(executor="threads")  # mistake: executor
    wf.execute(observers=[Whole()])  # right: observer
    wf.execute(observers=[Half()])  # mistake: observer
    wf.execute(keep=3600)  # right: time
    wf.execute(keep="an hour")  # mistake: time
    wf.execute(ret_context=True)[1].get_channel()  # right: context in a pair
    wf.execute(ret_context=True).get_channel()  # mistake: context in a pair
    wf.resume("run.json")  # right: missing file
    wf.resume()  # mistake: missing file


def make() -> None:
    workflow("one", channel=MemoryChannel())  # right: channel
    workflow("one", channel="memory")  # mistake: channel
    runs(MemoryChannel("one"))  # right: channel of runs
    runs("one")  # mistake: channel of runs
