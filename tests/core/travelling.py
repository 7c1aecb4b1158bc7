"""Tasks that other processes import, to be sent there by name."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import Any, TypedDict

from graflow import TaskExecutionContext, task
from tests.patience import PATIENCE
from tests.programs import apart

LOCK = threading.Lock()
"""What pickle can't carry: a task that uses it has to be found by its name."""


VARIABLE = ContextVar("variable", default="of the worker")


class Totals(TypedDict):
    """A result that a schema checks."""

    sum: int


@task(inject_context=True)
def add(ctx: TaskExecutionContext, amount: int = 1) -> int:
    """Add to a sum, and tell who did."""
    with LOCK:
        ctx.get_channel().append("pids", os.getpid())
        return int(ctx.get_channel().atomic_add("sum", amount))


@task(inject_context=True)
async def total(ctx: TaskExecutionContext) -> Totals:
    """Read the sum."""
    return {"sum": ctx.get_channel().get("sum")}


@task
def look() -> str:
    """Return what the variable is where the task runs."""
    return VARIABLE.get()


BEGUN = threading.Event()


@task
def slow() -> bool:
    """Tell that it has begun, and take a while."""
    BEGUN.set()
    time.sleep(0.5)
    return True


class Here(Executor):
    """Somebody's executor, of no kind that graflow knows, which calls functions on threads."""

    def __init__(self) -> None:
        """Begin without calls."""
        self._threads: list[threading.Thread] = []

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for the calls."""
        while wait and self._threads:
            self._threads.pop().join()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function on a thread."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        thread = threading.Thread(target=lambda: future.set_result(fn(*args, **kwargs)))
        self._threads.append(thread)
        thread.start()
        return future


class Elsewhere(Here):
    """The same, but it pickles what it is given, as if it had sent it away."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function on a thread."""
        fn, args = pickle.loads(pickle.dumps((fn, args)))
        return super().submit(fn, *args, **kwargs)


processes: Callable[[], Executor] = partial(ProcessPoolExecutor, 2, mp_context=apart())
"""Makes a pool of two."""


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for(condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.01)
