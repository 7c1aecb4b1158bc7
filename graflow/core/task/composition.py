"""Composition: tasks and groups of tasks, put in order with `>>` and `|`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextvars import ContextVar
from types import FrameType
from typing import Any, NoReturn, Protocol, TypeVar

from graflow.core.task.later_id import LaterId
from graflow.core.task.precedence import warn_if_unclear
from graflow.core.task.unused import Unused
from graflow.exceptions import WorkflowTypeError, WorkflowValueError

__all__ = [
    "Chain",
    "Composed",
    "Group",
    "Node",
    "OpenGraph",
    "chain",
    "check_nodes",
    "open_graphs",
    "parallel",
]


class Node:
    """A task, or several tasks that were combined.

    `a >> b` makes `b` wait for `a`, and `a | b` lets both run at once. Each returns a node that can
    be combined in turn. `>>` binds more tightly than `|`, so write `(a | b) >> c`; where the two
    stand beside each other without parentheses, there is a `PrecedenceWarning`.
    """

    def __rshift__(self, other: Node) -> Chain:
        """Let `other` wait for this node."""
        return chain(self, other)

    def __or__(self, other: Node) -> Group:
        """Let this node and `other` run at the same time."""
        if isinstance(self, Chain) or isinstance(other, Chain):
            warn_if_unclear(sys._getframe(1))
        return parallel(self, other)

    def __rrshift__(self, other: object) -> NoReturn:
        raise WorkflowTypeError(_why_not_a_node(other))

    def __ror__(self, other: object) -> NoReturn:
        raise WorkflowTypeError(_why_not_a_node(other))


class Composed(Node):
    """Nodes that were combined.

    Attributes:
        parts: The nodes, from left to right; at least one.
        unused: Warns if nobody puts this into a workflow; `None` if somebody did.
    """

    parts: tuple[Node, ...]
    unused: Unused | None = None

    def __init__(self, parts: tuple[Node, ...]) -> None:
        """Combine nodes."""
        self.parts = parts


class Chain(Composed):
    """Nodes in a sequence: each waits for the one before."""

    def __repr__(self) -> str:
        """Show only the number of parts; there may be many."""
        return f"<chain of {len(self.parts)}>"


class Group(Composed):
    """Nodes that run at the same time."""

    def __repr__(self) -> str:
        """Show only the number of parts; there may be many."""
        return f"<group of {len(self.parts)}>"


T_contra = TypeVar("T_contra", bound=Node, contravariant=True)


class OpenGraph(Protocol[T_contra]):
    """The graph of a workflow, as its `with` block sees it; `T_contra` is the type of tasks.

    `graflow.core.graph.graph.Graph` implements it.
    """

    def add(self, node: Node) -> None:
        """Add the tasks of `node`, and the order among them."""

    def define(self, task: T_contra) -> None:
        """Add a task that was decorated here, until `make_template` takes it out."""

    def make_template(self, task: T_contra) -> None:
        """Take out a task that was only decorated here, since it is called to make others."""

    def add_called(self, task: T_contra, later: LaterId) -> None:
        """Add a task that was called without an id, and that will get one later."""

    def name_tasks(self) -> None:
        """Give ids to the tasks that were called without one."""


open_graphs: ContextVar[tuple[OpenGraph[Any], ...]] = ContextVar("open_graphs", default=())
"""The graphs of the `with workflow(...)` blocks around the current code, innermost last."""


def chain(*nodes: Node) -> Chain:
    """Make each node wait for the one before; inside `with workflow(...)` all of them join it.

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


N = TypeVar("N", bound=Composed)


def _join(node: N) -> N:
    graphs = open_graphs.get()
    if graphs:
        graphs[-1].add(node)
    else:
        node.unused = Unused(_maker(sys._getframe(2)))
    return node


def _maker(frame: FrameType) -> FrameType:
    """Return the frame of the code that puts tasks in order, which may do that with `>>`."""
    caller = frame.f_back
    return caller if caller is not None and frame.f_globals is globals() else frame


def check_nodes(nodes: Sequence[object]) -> tuple[Node, ...]:
    """Return `nodes` if there is at least one, and all of them are nodes.

    Raises:
        WorkflowTypeError, WorkflowValueError: Otherwise; the message says what to do.
    """
    if not nodes:
        raise WorkflowValueError("there is nothing to put in order: give at least one task")
    checked = []
    for node in nodes:
        if not isinstance(node, Node):
            raise WorkflowTypeError(_why_not_a_node(node))
        if isinstance(node, Composed):
            node.unused = None
        checked.append(node)
    return tuple(checked)


def _why_not_a_node(value: object) -> str:
    found = f"only tasks can be put in order, not {type(value).__name__}"
    if isinstance(value, list | tuple | set):
        return f"{found}; write parallel(a, b) for tasks that run at the same time"
    if callable(value):
        return f"{found}; put @task above {getattr(value, '__name__', 'it')!r}"
    return found
