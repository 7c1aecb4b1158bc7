"""Print how long graphs of empty tasks take, over the same graphs in LangGraph.

`make bench` runs this in an environment of its own, which has LangGraph 1.2.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import TypedDict

from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found, unused-ignore]

from graflow import chain, parallel, task, workflow

SIZE = 1_000
ROUNDS = 5


class State(TypedDict):
    """The least state that a graph can have."""

    x: int


@task
def empty() -> None:
    """Do nothing."""


def ours(join: Callable[..., object]) -> Callable[[], object]:
    """Return what runs the empty tasks in graflow."""
    with workflow("bench") as wf:
        join(*(empty(task_id=f"n{number}") for number in range(SIZE)))
    return wf.execute


def theirs(in_a_chain: bool) -> Callable[[], object]:
    """Return what runs the empty tasks in LangGraph."""
    graph = StateGraph(State)
    names = [f"n{number}" for number in range(SIZE)]
    for number, name in enumerate(names):
        graph.add_node(name, lambda state: None)
        graph.add_edge(names[number - 1] if in_a_chain and number else START, name)
        if not in_a_chain or name == names[-1]:
            graph.add_edge(name, END)
    compiled = graph.compile()
    return lambda: compiled.invoke({"x": 1}, {"recursion_limit": SIZE + 10})


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Measure both kinds of graph, the two libraries in turn."""
    sys.setrecursionlimit(10_000)
    for name, join, bound in (("a chain", chain, 0.025), ("side by side", parallel, 0.2)):
        mine, other = ours(join), theirs(join is chain)
        found = median(seconds(mine) / seconds(other) for _ in range(ROUNDS))
        print(f"{SIZE:,} empty tasks, {name}, over LangGraph: {found:.3f} (at most {bound})")


if __name__ == "__main__":
    main()
