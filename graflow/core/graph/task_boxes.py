"""Boxes of a picture for the tasks of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from graflow.core.graph.workflow_graph import TaskNode, WorkflowGraph, counted
from graflow.pictures import Box, Look, mermaid, svg

__all__ = ["Fate", "mermaid_of", "svg_of"]


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of a task in a run.

    Attributes:
        look: Its look in a picture.
        lines: What is said of it.
        hint: What is said to those who point at it.
    """

    look: Look
    lines: tuple[str, ...]
    hint: str = ""


_NONE: Mapping[str, Fate] = MappingProxyType({})


def svg_of(
    graph: WorkflowGraph, fates: Mapping[str, Fate] = _NONE, title: str = "", *, fold: bool = True
) -> str:
    """Return a picture of a graph as SVG.

    Args:
        graph: The graph.
        fates: What has become of its tasks, by their ids.
        title: What the picture shows; by default the workflow.
        fold: Whether tasks that are alike become one box.
    """
    return svg(title or _title(graph), _boxes(graph, fates), fold=fold)


def mermaid_of(
    graph: WorkflowGraph, fates: Mapping[str, Fate] = _NONE, title: str = "", *, fold: bool = True
) -> str:
    """Return a picture of a graph as Mermaid; the arguments are those of `svg_of`."""
    return mermaid(title or _title(graph), _boxes(graph, fates), fold=fold)


def _title(graph: WorkflowGraph) -> str:
    return f"workflow {graph.name}, {counted(len(graph.nodes))}"


def _boxes(graph: WorkflowGraph, fates: Mapping[str, Fate]) -> list[Box]:
    return [_box(node, fates.get(node.task_id)) for node in graph.nodes]


def _box(node: TaskNode, fate: Fate | None) -> Box:
    atomic = ("atomic",) if node.atomic else ()
    given = f"given: {', '.join(node.bound)}" if node.bound else ""
    if fate is None:
        lines = (*_retries(node), *atomic)
        return Box(node.task_id, node.after, lines, hint=_joined(node.doc, given))
    hint = _joined(node.doc, given, fate.hint)
    return Box(node.task_id, node.after, (*fate.lines, *atomic), fate.look, hint)


def _retries(node: TaskNode) -> tuple[str, ...]:
    if not node.max_retries:
        return ()
    return (f"{node.max_retries} {'retry' if node.max_retries == 1 else 'retries'}",)


def _joined(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
