"""Executors that run tasks: who owns them, and whether they share this process's memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from types import TracebackType
from typing import Any, Self, TypeAlias

from graflow.core.run.delays import ALERT, wait_until_done
from graflow.core.travel.greeting import Greeting, greeting_of
from graflow.exceptions import WorkflowStateError, WorkflowTypeError

__all__ = ["ExecutorSource", "Pool"]

ExecutorSource: TypeAlias = Executor | Callable[[], Executor]
"""An executor, or a function without arguments that makes one."""


class Pool:
    """An executor for the duration of a run, inside a `with` block.

    Attributes:
        owned: Whether the run made the executor, and so shuts it down and can replace it.
    """

    def __init__(self, source: ExecutorSource, workflow: str) -> None:
        """Take an executor, or make one.

        Args:
            source: An executor, or a function that makes one.
            workflow: The workflow's name, for messages.

        Raises:
            WorkflowTypeError: It is neither, or the function makes something else.
        """
        self.owned = not _is_executor(source)
        self._source = source
        self._workflow = workflow
        self._greetings: list[tuple[Greeting, Callable[[], object]]] = []
        if self.owned and not callable(source):
            hint = "; pass client.get_executor()" if hasattr(source, "get_executor") else ""
            raise WorkflowTypeError(
                "executor must be a concurrent.futures.Executor, or a function that makes one, "
                f"not {type(source).__name__}{hint}",
                workflow=workflow,
            )
        self._executor = self._make()

    def __enter__(self) -> Self:
        """Return the pool; leaving the block shuts the executor down, if the run made it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for greeting, call in self._greetings:
            greeting.calls.remove(call)
        if self.owned:
            _shut_down(self._executor)

    @property
    def executor(self) -> Executor:
        """The current executor."""
        return self._executor

    def submit(self, function: Callable[..., Any], *args: object) -> Future[Any]:
        """Have the executor call a function."""
        return self._executor.submit(function, *args)

    def replace(self) -> None:
        """Make a new executor, once everything on the old one has ended."""
        _shut_down(self._executor)
        self._executor = self._make()
        before, self._greetings = self._greetings, []
        for _, call in before:
            self.greet(call)

    def greet(self, call: Callable[[], object]) -> int:
        """Have each process that the executor starts call a function first, if possible.

        Returns:
            The number of processes that were started before, and won't call it.
        """
        greeting = greeting_of(self._executor)
        if greeting is not None:
            greeting.calls.append(call)
            self._greetings.append((greeting, call))
        return len(getattr(self._executor, "_processes", None) or ())

    def shares_memory(self) -> bool:
        """Tell whether the functions that the executor calls see the objects of this process.

        Raises:
            WorkflowStateError: The executor is broken.
        """
        if type(self._executor) is ThreadPoolExecutor:
            return True
        if self.is_near():
            return False
        try:
            answer = self._executor.submit(_is_at_home, _Probe())
            wait_until_done([answer])
            return bool(answer.result())
        except (BrokenExecutor, CancelledError) as error:
            why = str(error) or "it cancelled what was submitted"
            raise WorkflowStateError(
                f"the executor of workflow {self._workflow!r} is broken: {why}",
                workflow=self._workflow,
            ) from error

    def is_near(self) -> bool:
        """Tell whether all processes of the executor are known to be on this machine."""
        return _is_local_pool(self._executor)

    def limit(self) -> int | None:
        """Return how many calls the executor makes at the same time; `None` if it does not tell."""
        known = getattr(self._executor, "_max_workers", None)
        return known if isinstance(known, int) else None

    def size(self) -> int:
        """Return how many calls the executor makes at the same time; a guess if it is unknown."""
        known = self.limit()
        if known is not None:
            return known
        client: Any = getattr(self._executor, "_client", None)  # Dask's
        threads = client.nthreads().values() if hasattr(client, "nthreads") else ()
        return sum(threads) or os.cpu_count() or 1

    def _make(self) -> Executor:
        made: Any = self._source() if callable(self._source) and self.owned else self._source
        if not _is_executor(made):
            raise WorkflowTypeError(
                f"the function that makes the executor must return one, not {type(made).__name__}",
                workflow=self._workflow,
            )
        executor: Executor = made
        return executor


def _shut_down(executor: Executor) -> None:
    """Shut an executor down, and wait until everything on it has ended.

    A process of a pool that is killed just then may take along the lock on the queue from which the
    others learn that they are to end. They would wait for it for ever, so they are terminated.
    """
    pool: Any = executor
    manager = getattr(pool, "_executor_manager_thread", None)
    if not _is_local_pool(executor) or manager is None:
        executor.shutdown(wait=True)
        return
    processes = list((pool._processes or {}).values())
    executor.shutdown(wait=False)
    while manager.is_alive():
        manager.join(ALERT)
        if any(process.exitcode not in (None, 0) for process in processes):
            for process in processes:
                process.terminate()


def _is_local_pool(executor: Executor) -> bool:
    """Tell whether an executor is a `ProcessPoolExecutor`, or one of loky, which is built alike."""
    module = sys.modules.get("concurrent.futures.process")  # it takes long to import
    if module is not None and isinstance(executor, module.ProcessPoolExecutor):
        return True
    return any(base.__module__.startswith("loky.") for base in type(executor).__mro__)


def _is_executor(value: object) -> bool:
    if isinstance(value, type):
        return False
    return isinstance(value, Executor) or (
        callable(getattr(value, "submit", None))
        and callable(getattr(value, "shutdown", None))
        and not hasattr(value, "get_executor")
    )


class _Probe:
    """An object that pickle turns into something else."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ()


def _is_at_home(probe: object) -> bool:
    return isinstance(probe, _Probe)
