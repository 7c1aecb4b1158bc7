"""The task graph: tasks, and which of them wait for which."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError as SorterError
from graphlib import TopologicalSorter
from hashlib import sha256
from itertools import count, pairwise
from typing import Any, NamedTuple, TypeAlias

from graflow.core.task.composition import Chain, Composed, Node
from graflow.core.task.later_id import LaterId, naming
from graflow.core.task.task import Task
from graflow.exceptions import (
    CycleError,
    DuplicateTaskError,
    TaskNotFoundError,
    WorkflowTypeError,
)

__all__ = ["Graph", "Joint", "RunPlan", "Vertex"]


class Joint:
    """A point between two wide groups, after all of one and before all of the other.

    With it, m tasks before n tasks need m + n links instead of m * n.
    """


Vertex: TypeAlias = "Task[..., Any] | Joint"
Before: TypeAlias = dict[Vertex, dict[Vertex, None]]
"""What each vertex waits for: ordered sets."""
After: TypeAlias = dict[Vertex, list[Vertex]]
"""What waits for each vertex, in the order of definition; others have no entry."""


class _Ends(NamedTuple):
    """The outer tasks of a node.

    Attributes:
        heads: The tasks that begin it, and wait for whatever comes before it.
        tails: The tasks that end it, and that whatever comes after it waits for.
    """

    heads: tuple[Task[..., Any], ...]
    tails: tuple[Task[..., Any], ...]


@dataclass(frozen=True)
class RunPlan:
    """The tasks of a run, and their order; all runs of the same tasks share it.

    Attributes:
        tasks: The tasks by id, in the order of their definition.
        last: Those that no other task waits for.
        start: The id of the task that the run starts at; `None` if it runs everything.
        before: What each task waits for.
        after: What waits for it.
        memo: What has been found out about the plan.
    """

    tasks: Mapping[str, Task[..., Any]]
    last: tuple[Task[..., Any], ...]
    start: str | None
    before: Before
    after: After
    memo: dict[str, Any]

    @classmethod
    def of(cls, before: Before, start: str | None) -> RunPlan:
        """Return the plan of tasks that wait for each other like this; nothing changes it later."""
        tasks = {each.task_id: each for each in before if isinstance(each, Task)}
        after = _after(before)
        last = tuple(task for task in tasks.values() if task not in after)
        return cls(tasks, last, start, before, after, {})

    def fingerprint(self) -> str:
        """Return a hash of the tasks' ids and their order.

        As in a Merkle tree, each task's hash covers the hashes of the tasks that it waits for. The
        order in which tasks were defined makes no difference.
        """
        hashes: dict[Vertex, bytes] = {}
        for vertex in TopologicalSorter(self.before).static_order():
            name = b"" if isinstance(vertex, Joint) else vertex.task_id.encode()
            found = sha256(name)
            for other in sorted(hashes[other] for other in self.before[vertex]):
                found.update(other)
            hashes[vertex] = found.digest()
        return sha256(b"".join(sorted(hashes.values()))).hexdigest()

    def with_tasks(self, change: Callable[[Task[..., Any]], Task[..., Any]]) -> RunPlan:
        """Return the same plan with other tasks, of the same ids, in the place of these."""
        new = {task_id: change(task) for task_id, task in self.tasks.items()}

        def other(vertex: Vertex) -> Vertex:
            return vertex if isinstance(vertex, Joint) else new[vertex.task_id]

        before: Before = {
            other(vertex): {other(each): None for each in others}
            for vertex, others in self.before.items()
        }
        return RunPlan.of(before, self.start)


class Graph:
    """The tasks of a workflow, and which of them wait for which."""

    def __init__(self, name: str) -> None:
        """Make an empty graph.

        Args:
            name: The workflow's name, for messages.
        """
        self._name = name
        self._tasks: dict[str, Task[..., Any]] = {}
        self._unnamed: dict[Task[..., Any], LaterId] = {}
        self._called: set[Task[..., Any]] = set()  # those that were unnamed
        self._loose: set[Task[..., Any]] = set()
        self._ends: dict[Node, _Ends] = {}  # of the nodes that were added
        self._before: Before = {}
        self._numbers: dict[str, Iterator[int]] = {}
        self._plan: RunPlan | None = None  # of all tasks, as they are

    @property
    def size(self) -> int:
        """How many tasks there are."""
        return len(self._tasks) + len(self._unnamed)

    def define(self, task: Task[..., Any]) -> None:
        """Add a task that was decorated here, until `make_template` takes it out.

        Raises:
            DuplicateTaskError: There is another task with its id.
        """
        with naming.lock:
            self._enter([task])
            self._loose.add(task)

    def make_template(self, task: Task[..., Any]) -> None:
        """Take out a task that was only decorated here, since it is called to make others."""
        with naming.lock:
            if task in self._loose:
                self._leave_plan()
                self._loose.remove(task)
                del self._tasks[task.task_id], self._before[task]

    def add_called(self, task: Task[..., Any], later: LaterId) -> None:
        """Add a task that was called without an id, and that gets one with `name_tasks`."""
        with naming.lock:
            self._unnamed[task] = later
            self._leave_plan()
            self._before[task] = {}
            self._find_ends(task)

    def name_tasks(self) -> None:
        """Give ids to the tasks that were called without one, in the order of the calls."""
        with naming.lock:
            for task, later in self._unnamed.items():
                if later.is_open:  # else an interrupt came after this
                    later.become(self._free_id(later.stem))
                self._tasks[later.text()] = task
                self._called.add(task)
            self._unnamed.clear()

    def _free_id(self, stem: str) -> str:
        """Return the first of `stem`, `stem_2`, `stem_3`, ... that no task has."""
        if stem not in self._tasks:
            return stem
        numbers = self._numbers.setdefault(stem, count(2))
        return next(name for n in numbers if (name := f"{stem}_{n}") not in self._tasks)

    def add(self, node: Node) -> None:
        """Add the tasks of `node`, and the order among them.

        Raises:
            DuplicateTaskError: One of them has the id of another task; nothing was added.
        """
        with naming.lock:
            new = self._new_parts(node)
            tasks = [part for part in new if isinstance(part, Task)]
            self._enter(tasks)
            self._loose.difference_update(tasks)
            self._find_ends(node)
            for part in new:
                if isinstance(part, Chain):
                    for left, right in pairwise(part.parts):
                        self._link(self._ends[left].tails, self._ends[right].heads)

    def plan(self, start: Task[..., Any] | str | None = None) -> RunPlan:
        """Return the plan of a run: all tasks, or `start` and those after it.

        Raises:
            CycleError: Tasks wait for each other.
            TaskNotFoundError: The graph does not contain the task `start`.
        """
        with naming.lock:
            self.name_tasks()
            if start is not None:
                first = self.find(start)
                return self._planned(self._from(first), first.task_id)
            if self._plan is None:
                self._plan = self._planned(self._before, None)
            return self._plan

    def _leave_plan(self) -> None:
        """Leave the order of tasks to the plan of them, and change a copy from now on."""
        if self._plan is not None:
            self._before = {vertex: others.copy() for vertex, others in self._before.items()}
            self._plan = None

    def _planned(self, before: Before, start: str | None) -> RunPlan:
        with _no_collection():
            sorter = TopologicalSorter(dict.fromkeys(before, ()))
            for vertex, others in before.items():
                sorter.add(vertex, *others)
            try:
                sorter.prepare()
            except SorterError as error:
                raise self._cycle(error.args[1][:-1]) from error
            return RunPlan.of(before, start)

    def _new_parts(self, node: Node) -> list[Node]:
        """Return `node` and its parts, from left to right, except those already added."""
        found: dict[Node, None] = {}
        pending = [node]
        while pending:
            part = pending.pop()
            if part not in self._ends and part not in found:
                found[part] = None
                pending.extend(reversed(_parts(part)))
        return list(found)

    def _find_ends(self, node: Node) -> None:
        """Find the ends of `node` and of all its parts, without recursion: it may be deep."""
        pending = [node]
        while pending:
            parts = _parts(pending[-1])
            unknown = [part for part in parts if part not in self._ends]
            if unknown:
                pending.extend(unknown)
            else:
                part = pending.pop()
                self._ends[part] = _ends(part, [self._ends[each] for each in parts])

    def _enter(self, tasks: Iterable[Task[..., Any]]) -> None:
        new: dict[str, Task[..., Any]] = {}
        for task in tasks:
            other = self._tasks.get(task.task_id) or new.setdefault(task.task_id, task)
            if other is not task:
                raise self._duplicate(task.task_id, was_called=other in self._called)
        self._leave_plan()
        self._tasks.update(new)
        for task in new.values():
            self._before[task] = {}

    def _duplicate(self, task_id: str, *, was_called: bool) -> DuplicateTaskError:
        how = (
            f"; {task_id}(...) without a task_id got it, for it was free when the `with` block "
            "ended or the id was read"
            if was_called
            else ""
        )
        return DuplicateTaskError(
            f"workflow {self._name!r} has two tasks with the id {task_id!r}{how}; give one "
            'of them another id, as in @task("other_id") or fetch(task_id="other_id")',
            workflow=self._name,
        )

    def _link(self, before: tuple[Task[..., Any], ...], after: tuple[Task[..., Any], ...]) -> None:
        self._leave_plan()
        others: dict[Vertex, None] = dict.fromkeys(before)
        if len(before) * len(after) > len(before) + len(after):
            joint = Joint()
            self._before[joint] = others
            others = {joint: None}
        for task in after:
            self._before[task].update(others)

    def find(self, wanted: Task[..., Any] | str, what: str = "start_node") -> Task[..., Any]:
        """Return a task of the graph.

        Args:
            wanted: It, or another one of the same function and id, or the id.
            what: The name of the argument, for messages.

        Raises:
            TaskNotFoundError: There is none.
            WorkflowTypeError: It is neither a task nor an id.
        """
        self.name_tasks()
        task_id = wanted if isinstance(wanted, str) else getattr(wanted, "task_id", None)
        if not isinstance(task_id, str):
            raise WorkflowTypeError(
                f"{what} must be a task or its id, not {type(wanted).__name__}",
                workflow=self._name,
            )
        task = self._tasks.get(task_id)
        function = getattr(wanted, "function", None)  # `load` is `load(...)` that has its id
        if task is None or (wanted != task_id and function is not task.function):
            raise TaskNotFoundError(
                f"there is no task {wanted!r} in workflow {self._name!r}; its tasks are: "
                + (", ".join(map(repr, self._tasks)) or "none"),
                workflow=self._name,
            )
        return task

    def _from(self, start: Task[..., Any]) -> Before:
        """Return `start` and everything after it, with the order among those."""
        after = _after(self._before)
        reached: set[Vertex] = set()
        pending: list[Vertex] = [start]
        while pending:
            vertex = pending.pop()
            if vertex not in reached:
                reached.add(vertex)
                pending.extend(after.get(vertex, ()))
        return {
            vertex: {other: None for other in others if other in reached}
            for vertex, others in self._before.items()
            if vertex in reached
        }

    def _cycle(self, vertices: list[Vertex]) -> CycleError:
        ids = [vertex.task_id for vertex in vertices if not isinstance(vertex, Joint)]
        cycle = (*ids, ids[0])
        return CycleError(
            f"the tasks of workflow {self._name!r} wait for each other: {' >> '.join(cycle)}",
            workflow=self._name,
            cycle=cycle,
        )


def _after(before: Before) -> After:
    after: After = {}
    for vertex, others in before.items():
        for other in others:
            after.setdefault(other, []).append(vertex)
    return after


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Composed) else ()


def _ends(node: Node, parts: list[_Ends]) -> _Ends:
    """Return the ends of a node, given those of its parts."""
    if isinstance(node, Task):
        return _Ends((node,), (node,))
    if isinstance(node, Chain):
        return _Ends(parts[0].heads, parts[-1].tails)
    return _Ends(
        tuple(head for part in parts for head in part.heads),
        tuple(tail for part in parts for tail in part.tails),
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Suspend garbage collection while many objects are made that live for the whole run.

    The number of new objects triggers it, and it traverses everything that the process has.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
