"""`WorkflowGraph`: the tasks of a workflow and their order, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

from typing_extensions import override

from graflow.core.graph.graph import Joint, RunPlan, Vertex
from graflow.core.graph.task_node import TaskNode, counted
from graflow.core.task.task import Task
from graflow.system.notebooks import Shown, Sight

__all__ = ["WorkflowGraph", "graph_of", "loose_graph"]

_LONGEST_DOC: Final = 1_000  # characters; each run stores its graph


@dataclass(frozen=True, slots=True, repr=False)
class WorkflowGraph(Shown):
    """The tasks of a workflow and their order; `Workflow.graph` returns it.

    Printed, it shows the tasks stage by stage. A notebook shows a picture of them.

    Attributes:
        name: The workflow's name.
        nodes: The tasks, in the order of their definition.
    """

    name: str
    nodes: tuple[TaskNode, ...]

    @property
    def edges(self) -> Iterator[tuple[str, str]]:
        """The pairs of ids whose second task waits for the first.

        They are made one by one: m tasks before n others have m * n.
        """
        return ((before, node.task_id) for node in self.nodes for before in node.after)

    def stages(self) -> tuple[tuple[TaskNode, ...], ...]:
        """Return the tasks by stage, each in the order of definition."""
        found: list[list[TaskNode]] = []
        for node in sorted(self.nodes, key=lambda node: node.stage):
            if node.stage == len(found):
                found.append([])
            found[-1].append(node)
        return tuple(map(tuple, found))

    def to_svg(self, *, fold: bool = True) -> str:
        """Return a picture of the tasks and their order, from left to right, as SVG.

        It can be a file by itself, or stand inside HTML. It can be read on light and dark pages.

        Args:
            fold: Whether a dozen tasks and more of which each has the same before and after it
                become one box. Where there still are hundreds, tasks of neighbouring stages do.
        """
        from graflow.core.graph import task_boxes  # noqa: PLC0415 - few need it

        return task_boxes.svg_of(self.name, self.nodes, fold=fold)

    def to_mermaid(self, *, fold: bool = True) -> str:
        """Return the same picture as a flowchart of Mermaid, which GitHub and others draw.

        Args:
            fold: As for `to_svg`.
        """
        from graflow.core.graph import task_boxes  # noqa: PLC0415 - few need it

        return task_boxes.mermaid_of(self.name, self.nodes, fold=fold)

    @override
    def _sight(self) -> Sight:
        return Sight(self.to_svg(), plain=str(self))

    def __repr__(self) -> str:
        """Show the name, and how many tasks there are."""
        return f"<graph of workflow {self.name!r}: {counted(len(self.nodes))}>"

    def __str__(self) -> str:
        """Show the stages, and what a task waits for unless that is all of the stage before."""
        lines = [f"workflow {self.name}"]
        before: tuple[str, ...] = ()
        for number, stage in enumerate(self.stages(), start=1):
            shown: list[str] = []
            for node in stage:
                if node.after is before or node.after == before:
                    before = node.after  # those of a wide group share it
                    shown.append(node.task_id)
                else:
                    shown.append(f"{node.task_id} (after {', '.join(node.after)})")
            lines.append(f"{number:3}  {' | '.join(shown)}")
            before = tuple(node.task_id for node in stage)
        return "\n".join(lines)


def graph_of(name: str, plan: RunPlan) -> WorkflowGraph:
    """Return the graph of the tasks of a plan of a workflow."""
    known = plan.memo.get("graph")
    if known is None:
        known = plan.memo["graph"] = _found(name, plan)
    graph: WorkflowGraph = known
    return graph


def _found(name: str, plan: RunPlan) -> WorkflowGraph:
    rank = {task_id: number for number, task_id in enumerate(plan.tasks)}
    ids: dict[Vertex, tuple[str, ...]] = {}  # of the tasks that those after a vertex wait for
    depth: dict[Vertex, int] = {}  # the stage of those after it, at least
    nodes: dict[str, TaskNode] = {}
    joined: dict[tuple[Vertex, ...], tuple[str, ...]] = {}  # wide groups after the same others
    for vertex in TopologicalSorter(plan.before).static_order():
        others = plan.before[vertex]
        key = tuple(others)
        after = joined.get(key)
        if after is None:
            after = joined[key] = _joined([ids[other] for other in others], rank)
        stage = max((depth[other] for other in others), default=0)
        if isinstance(vertex, Joint):
            ids[vertex], depth[vertex] = after, stage
        else:
            ids[vertex], depth[vertex] = (vertex.task_id,), stage + 1
            nodes[vertex.task_id] = _node(vertex, after, stage)
    return WorkflowGraph(name, tuple(nodes[task_id] for task_id in plan.tasks))


def loose_graph(name: str, tasks: Iterable[Task[..., Any]]) -> WorkflowGraph:
    """Return a graph of tasks of whose order nothing is known."""
    return WorkflowGraph(name, tuple(_node(task, (), 0) for task in tasks))


def _joined(groups: list[tuple[str, ...]], rank: dict[str, int]) -> tuple[str, ...]:
    """Return the ids of all groups; tasks after one wide group share its tuple."""
    if len(groups) == 1:
        return groups[0]
    return tuple(sorted({task_id for group in groups for task_id in group}, key=rank.__getitem__))


def _node(task: Task[..., Any], after: tuple[str, ...], stage: int) -> TaskNode:
    retries = task.retries
    return TaskNode(
        task_id=task.task_id,
        after=after,
        stage=stage,
        max_retries=retries.most if retries else 0,
        retry_delay=retries.delay if retries else 0.0,
        atomic=task.atomic,
        bound=tuple(task.bound),
        doc=(task.function.__doc__ or "").strip().partition("\n")[0][:_LONGEST_DOC],
    )
