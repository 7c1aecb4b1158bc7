"""Streams for threads that nobody closes, and those that can't begin."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.paths import ROOT
from tests.programs import attended

COLLECTED = """
import asyncio, gc, sys, threading
from graflow import Emitted, task, workflow

abandoned, collected, over = (threading.Event() for _ in range(3))

@task(inject_context=True)
def thread(ctx):
    ctx.emit(1)
    abandoned.wait()
    gc.collect()  # as any allocation may
    collected.set()
    over.set()

@task(inject_context=True)
async def loop(ctx):
    await ctx.aemit(1)
    while not abandoned.is_set():
        await asyncio.sleep(0)
    gc.collect()
    collected.set()
    try:
        await asyncio.Event().wait()
    finally:
        over.set()

def consume(chosen):
    with workflow("w") as wf:
        chosen()
    holder = {"events": wf.stream()}
    holder["me"] = holder  # a cycle, as an exception with its traceback makes one
    for event in holder["events"]:
        if isinstance(event, Emitted):
            break

gc.disable()
consume(globals()[sys.argv[1]])
abandoned.set()
collected.wait()
over.wait()
for each in threading.enumerate():
    if each.name == "graflow-w-stream":
        each.join()
print("over")
"""

LEFT = """
import asyncio, sys, types
from graflow import task, workflow

@task(inject_context=True)
async def emits(ctx):
    await ctx.aemit(1)
    await asyncio.Event().wait()

with workflow("w") as wf:
    emits()
events = wf.stream()
next(events)
if sys.argv[1] == "cycle":
    holder = [events]
    holder.append(holder)
else:
    holder = sys.modules["other"] = types.ModuleType("other")
    holder.events = events
del events, holder
print("over")
"""

EXHAUSTED = """
import os, resource, sys
from graflow import AsyncRunObserver, task, workflow

@task
async def one():
    return 1

with workflow("w") as wf:
    one()
assert list(wf.stream())[-1].result == 1
limit = len(os.listdir("/proc/self/fd")) - 1
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
try:
    list(wf.stream()) if sys.argv[1] == "stream" else wf.execute()
except Exception as error:
    print("open files" in str(error))
"""


def printed(program: str, argument: str) -> str:
    """Run a program to its end; return what it prints, complaints included."""
    command = [sys.executable, "-c", program, argument]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with attended(process) as child:
        output, _ = child.communicate()
    assert child.returncode == 0
    return output.strip()


@pytest.mark.parametrize("where", ["thread", "loop"])
def test_a_task_may_collect_the_stream_of_its_own_run(where: str) -> None:
    """The run is cancelled, and the task doesn't wait for itself."""
    assert printed(COLLECTED, where) == "over"


@pytest.mark.parametrize("where", ["cycle", "module"])
def test_the_interpreter_ends_with_a_stream_that_does_not(where: str) -> None:
    """Whatever still refers to it."""
    assert printed(LEFT, where) == "over"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("how", ["stream", "execute"])
def test_a_loop_that_can_not_be_made_is_an_error(how: str) -> None:
    """What the system says comes out."""
    assert printed(EXHAUSTED, how).splitlines()[0] == "True"  # asyncio complains after that


def test_a_program_without_streams_collects_garbage_undisturbed() -> None:
    """Its collections call nothing, in which a Ctrl-C could get lost."""
    program = """
import gc
before = list(gc.callbacks)
from graflow import task, workflow

@task
def one():
    return 1

with workflow("w") as wf:
    one()
wf.execute()
assert gc.callbacks == before
for _ in range(2):
    list(wf.stream())
assert len(gc.callbacks) == len(before) + 1
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
