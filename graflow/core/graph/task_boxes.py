"""Boxes of a picture for the tasks of a workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from graflow.core.graph.task_node import TaskNode, counted
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
    workflow: str,
    nodes: Sequence[TaskNode],
    fates: Mapping[str, Fate] = _NONE,
    title: str = "",
    *,
    fold: bool = True,
) -> str:
    """Return a picture of the tasks of a workflow as SVG.

    Args:
        workflow: The workflow's name.
        nodes: Its tasks.
        fates: What has become of them, by their ids.
        title: What the picture shows; by default the workflow.
        fold: Whether tasks that are alike become one box.
    """
    return svg(title or _title(workflow, nodes), _boxes(nodes, fates), fold=fold)


def mermaid_of(
    workflow: str,
    nodes: Sequence[TaskNode],
    fates: Mapping[str, Fate] = _NONE,
    title: str = "",
    *,
    fold: bool = True,
) -> str:
    """Return a picture of the tasks of a workflow as Mermaid; see `svg_of`."""
    return mermaid(title or _title(workflow, nodes), _boxes(nodes, fates), fold=fold)


def _title(workflow: str, nodes: Sequence[TaskNode]) -> str:
    return f"workflow {workflow}, {counted(len(nodes))}"


def _boxes(nodes: Sequence[TaskNode], fates: Mapping[str, Fate]) -> list[Box]:
    return [_box(node, fates.get(node.task_id)) for node in nodes]


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
