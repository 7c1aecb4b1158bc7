"""Stand-ins for threads in a process that can have none, as in WebAssembly.

What would be done at the same time is done in turn, by the one thread there is: calls in place of
those that threads make, and event loops that this thread runs until something is there.
"""

from __future__ import annotations

import _thread
import asyncio
import selectors
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager
from typing import Any, Final, ParamSpec, TypeVar, TypeVarTuple

from typing_extensions import override

from graflow.exceptions import WorkflowStateError

__all__ = ["InTurn", "OneThread", "has_threads", "run_alone"]

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_PLATFORMS: Final = frozenset({"emscripten", "wasi"})
"""Where threads are an option that few builds of Python have."""


def has_threads() -> bool:
    """Tell whether this process can have threads, though perhaps not one more at this moment."""
    if sys.platform not in _PLATFORMS:
        return True
    try:
        _thread.start_new_thread(tuple, ())
    except RuntimeError:
        return False
    return True


class InTurn(Executor):
    """An executor that makes each call at once, in the thread that submits it."""

    _max_workers = 1  # as that of the standard library says

    def __init__(self) -> None:
        """Be open."""
        self._is_shut = False

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Make a call, and return its result or what it raised.

        It is made outside of the running event loop and task, as it would be in another thread.

        Raises:
            RuntimeError: The executor was shut down.
        """
        if self._is_shut:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        try:
            with _off_the_loop():
                result = fn(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Make no more calls."""
        self._is_shut = True


class OneThread:
    """An event loop that runs while whoever has it waits for a coroutine, and stands still else.

    It can be used inside of another loop, which stands still meanwhile.
    """

    def __init__(self) -> None:
        """Begin without a coroutine."""
        self._loop = _Loop()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, and meanwhile all others that it starts.

        If this is interrupted, the coroutine is cancelled and goes on to its end.

        Raises:
            WorkflowStateError: All coroutines wait for something that can't happen meanwhile.
            BaseException: What the coroutine raises.
        """
        with _off_the_loop(), _plain_sleep():
            task = self._loop.create_task(main)
            try:
                return self._loop.run_until_complete(task)
            except BaseException:
                self._end([] if task.done() else [task])
                raise

    def close(self) -> None:
        """Cancel what still runs, wait for its end, and close the loop."""
        with _off_the_loop():
            try:
                self._end(list(asyncio.all_tasks(self._loop)))
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            finally:
                self._loop.close()

    def _end(self, tasks: list[asyncio.Task[Any]]) -> None:
        if tasks:
            for each in tasks:
                each.cancel()
            self._loop.run_until_complete(asyncio.wait(tasks))


def run_alone(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, on an event loop of its own; see `OneThread.run`."""
    with closing(OneThread()) as thread:
        return thread.run(main)


@contextmanager
def _off_the_loop() -> Iterator[None]:
    """Let this thread have neither a running event loop nor a current task, until the end."""
    loop = asyncio._get_running_loop()
    task = None if loop is None else asyncio.current_task(loop)
    if loop is not None and task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
        if loop is not None and task is not None:
            asyncio.tasks._enter_task(loop, task)


@contextmanager
def _plain_sleep() -> Iterator[None]:
    """Let `time.sleep` wait as elsewhere: that of Pyodide waits for the page's own event loop."""
    before = time.sleep
    if sys.platform == "emscripten":
        time.sleep = _wait
    try:
        yield
    finally:
        time.sleep = before


def _wait(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    threading.Event().wait(seconds)


class _Selector(selectors.DefaultSelector):
    """Waits for files as others do, and without files for the time alone."""

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.get_map():
            return super().select(timeout)
        if timeout is None:
            raise WorkflowStateError(
                "all coroutines wait for something that can't happen while this process, which can "
                "have no threads, waits for them; `await wf.aexecute()` leaves its event loop free"
            )
        _wait(max(0.0, timeout))
        return []


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that no other thread wakes, so that it needs no sockets."""

    def __init__(self) -> None:
        super().__init__(_Selector())

    @override
    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        return super().run_in_executor(executor or InTurn(), func, *args)

    def _make_self_pipe(self) -> None:
        """Make nothing."""

    def _close_self_pipe(self) -> None:
        """Close nothing."""

    def _write_to_self(self) -> None:
        """Wake nobody: whoever calls is the thread that would be woken."""
