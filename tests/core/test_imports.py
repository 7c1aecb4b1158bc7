"""Imports of the core: the paths that users write, and no circle among its modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import graflow

CORE = Path(graflow.__file__).parent / "core"
MODULES = {
    ".".join(file.relative_to(CORE.parent.parent).with_suffix("").parts): file
    for file in sorted(CORE.rglob("*.py"))
    if file.name != "__init__.py"
}


def imported(file: Path) -> Iterator[str]:
    """Yield what a module imports anywhere in its text, for type checkers alone too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("context", "ExecutionContext TaskExecutionContext"),
        ("decorators", "task"),
        ("task", "Task chain parallel"),
        ("workflow", "workflow"),
    ],
)
def test_the_paths_that_users_write(module: str, names: str) -> None:
    """They lead to what `graflow` itself publishes."""
    found = import_module(f"graflow.core.{module}")
    for name in names.split():
        assert getattr(found, name) is getattr(graflow, name)


def test_no_modules_of_the_core_import_each_other() -> None:
    """There is an order in which each module imports only those before it."""
    imports = {name: MODULES.keys() & set(imported(file)) for name, file in MODULES.items()}
    assert any(imports.values())
    TopologicalSorter(imports).prepare()
