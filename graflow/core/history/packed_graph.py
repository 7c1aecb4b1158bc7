"""Graph of a workflow as JSON, for a channel to store."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from graflow.core.graph.graph import RunPlan
from graflow.core.graph.task_node import TaskNode
from graflow.core.graph.workflow_graph import WorkflowGraph, graph_of
from graflow.core.history.trail import sendable
from graflow.exceptions import ChannelDataError

__all__ = ["packed_graph_of", "unpacked"]


def packed_graph_of(name: str, plan: RunPlan) -> bytes:
    """Return the tasks of a plan and their order as JSON.

    Args:
        name: The workflow's name.
        plan: Its plan.
    """
    known = plan.memo.get("packed")
    if known is None:
        known = plan.memo["packed"] = to_json(_packed(graph_of(name, plan)))
    packed: bytes = known
    return packed


def _packed(graph: WorkflowGraph) -> dict[str, Any]:
    """Return a graph as plain data.

    Tasks wait for others by number. What the tasks of a wide group wait for is stored once: m tasks
    before n others take m + n numbers, not m * n.
    """
    numbers = {node.task_id: number for number, node in enumerate(graph.nodes)}
    groups: dict[tuple[str, ...], int] = {}
    nodes = [
        [
            node.task_id,
            groups.setdefault(node.after, len(groups)),
            node.stage,
            node.max_retries,
            node.retry_delay,
            node.atomic,
            list(node.bound),
            sendable(node.doc),
        ]
        for node in graph.nodes
    ]
    return {"groups": [[numbers[one] for one in group] for group in groups], "nodes": nodes}


def unpacked(name: str, data: Any) -> WorkflowGraph:
    """Return the graph that was packed.

    Args:
        name: The workflow's name.
        data: The plain data.

    Raises:
        ChannelDataError: It is something else.
    """
    try:
        ids = [node[0] for node in data["nodes"]]
        groups = [tuple(ids[number] for number in group) for group in data["groups"]]
        nodes = [
            TaskNode(task_id, groups[group], stage, retries, delay, atomic, tuple(bound), doc)
            for task_id, group, stage, retries, delay, atomic, bound, doc in data["nodes"]
        ]
    except (TypeError, ValueError, LookupError) as error:
        raise ChannelDataError(f"the graph of a run can't be read: {error}") from error
    return WorkflowGraph(name, tuple(nodes))
