"""Pictures of a workflow, alone or with what has happened in a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from graflow.core.graph.workflow_graph import WorkflowGraph
from graflow.core.history.run_history import RunHistory
from graflow.system.notebooks import Shown

__all__ = ["DrawnWorkflow"]


class DrawnWorkflow(Shown, ABC):
    """A workflow that can be drawn; `Workflow` says what its tasks are."""

    @abstractmethod
    def graph(self) -> WorkflowGraph:
        """Return the tasks and their order as plain data."""

    def to_svg(self, history: RunHistory | None = None, *, fold: bool = True) -> str:
        """Return a picture of the tasks and their order, from left to right, as SVG.

        It can be a file by itself, or stand inside HTML. It can be read on light and dark pages.

        Args:
            history: What has happened in a run, which the picture then shows, too.
            fold: Whether a dozen tasks and more of which each has the same before and after it
                become one box. Where there still are hundreds, tasks of neighbouring stages do.

        Raises:
            CycleError: Tasks wait for each other.
        """
        graph = self.graph()
        shown = graph if history is None else replace(history, graph=graph)
        return shown.to_svg(fold=fold)

    def to_mermaid(self, history: RunHistory | None = None, *, fold: bool = True) -> str:
        """Return the same picture as a flowchart of Mermaid, which GitHub and others draw.

        Args:
            history: As for `to_svg`.
            fold: As for `to_svg`.

        Raises:
            CycleError: Tasks wait for each other.
        """
        graph = self.graph()
        shown = graph if history is None else replace(history, graph=graph)
        return shown.to_mermaid(fold=fold)
