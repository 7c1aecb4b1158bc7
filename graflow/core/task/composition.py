"""What can be put in order with `>>` and `|`."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from graflow.exceptions import WorkflowTypeError, WorkflowValueError

if TYPE_CHECKING:
    from graflow.core.graph.graph import Graph
    from graflow.core.task.task import Task

__all__ = ["Chain", "Group", "Node", "chain", "check_nodes", "open_graphs", "parallel"]

open_graphs: ContextVar[tuple[Graph, ...]] = ContextVar("open_graphs", default=())
"""The graphs of the `with workflow(...)` blocks around the present code, the innermost last."""


class Node:
    """What has a place in a workflow: a task, or several that were put together.

    `a >> b` lets `b` wait for `a`, `a | b` lets both run at once, and each makes a node that
    can be put together in turn. `>>` binds tighter than `|`: write `(a | b) >> c`.
    """

    _parts: tuple[Node, ...] = ()

    def _heads(self) -> tuple[Task[..., Any], ...]:
        """Return the tasks that begin the node: they wait for what comes before it."""
        raise NotImplementedError

    def _tails(self) -> tuple[Task[..., Any], ...]:
        """Return the tasks that end the node: what comes after it waits for them."""
        raise NotImplementedError

    def __rshift__(self, other: Node) -> Chain:
        """Let `other` wait for this node."""
        return chain(self, other)

    def __or__(self, other: Node) -> Group:
        """Let this node and `other` run at the same time."""
        return parallel(self, other)

    def __rrshift__(self, other: object) -> NoReturn:
        raise WorkflowTypeError(_why_no_node(other))

    def __ror__(self, other: object) -> NoReturn:
        raise WorkflowTypeError(_why_no_node(other))


class _Composed(Node):
    """Nodes that were put together."""

    def __init__(
        self,
        parts: tuple[Node, ...],
        heads: tuple[Task[..., Any], ...],
        tails: tuple[Task[..., Any], ...],
    ) -> None:
        self._parts, self._first, self._last = parts, heads, tails

    def _heads(self) -> tuple[Task[..., Any], ...]:
        return self._first

    def _tails(self) -> tuple[Task[..., Any], ...]:
        return self._last


class Chain(_Composed):
    """Nodes of which each waits for the one before."""

    def __init__(self, parts: tuple[Node, ...]) -> None:
        super().__init__(parts, parts[0]._heads(), parts[-1]._tails())

    def __repr__(self) -> str:
        """Show how many parts there are; they may be long."""
        return f"<chain of {len(self._parts)}>"


class Group(_Composed):
    """Nodes that run at the same time."""

    def __init__(self, parts: tuple[Node, ...]) -> None:
        heads = tuple(head for part in parts for head in part._heads())
        super().__init__(parts, heads, tuple(tail for part in parts for tail in part._tails()))

    def __repr__(self) -> str:
        """Show how many parts there are; they may be long."""
        return f"<group of {len(self._parts)}>"


def chain(*nodes: Node) -> Chain:
    """Let each node wait for the one before; inside `with workflow(...)` all of them join it.

    Args:
        nodes: Tasks, chains and groups; at least one.

    Raises:
        WorkflowTypeError: One of them is something else.
        WorkflowValueError: There are none.
    """
    return _join(Chain(check_nodes(nodes)))


def parallel(*nodes: Node) -> Group:
    """Let all nodes run at the same time; inside `with workflow(...)` all of them join it.

    Args:
        nodes: Tasks, chains and groups; at least one.

    Raises:
        WorkflowTypeError: One of them is something else.
        WorkflowValueError: There are none.
    """
    return _join(Group(check_nodes(nodes)))


N = TypeVar("N", bound=Node)


def _join(node: N) -> N:
    graphs = open_graphs.get()
    if graphs:
        graphs[-1].add(node)
    return node


def check_nodes(nodes: Sequence[object]) -> tuple[Node, ...]:
    """Return `nodes` if all of them are nodes, and there is one at least.

    Raises:
        WorkflowTypeError, WorkflowValueError: If not; the message says what to do.
    """
    if not nodes:
        raise WorkflowValueError("there is nothing to put in order: give at least one task")
    checked = []
    for node in nodes:
        if not isinstance(node, Node):
            raise WorkflowTypeError(_why_no_node(node))
        checked.append(node)
    return tuple(checked)


def _why_no_node(value: object) -> str:
    found = f"only tasks can be put in order, not {type(value).__name__}"
    if isinstance(value, list | tuple | set):
        return f"{found}; write parallel(a, b) for tasks that run at the same time"
    if callable(value):
        return f"{found}; put @task above {getattr(value, '__name__', 'it')!r}"
    return found
