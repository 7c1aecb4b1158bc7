"""The index of examples: a section for each program in `examples/`, from its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["MARK", "index"]

MARK = "<!-- examples -->"
"""What a page has where the index goes."""


def index(folder: Path) -> str:
    """Return the sections of all programs, each with its source, the demo first.

    Args:
        folder: The programs; a name that begins with `__` is left out, `__main__.py` is not.
    """
    programs = sorted(folder.glob("*.py"), key=lambda path: (path.stem != "__main__", path.stem))
    return "\n".join(_section(path) for path in programs if path.stem != "__init__")


def _section(path: Path) -> str:
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    purpose = ast.get_docstring(tree) or ""
    first, _, rest = purpose.partition("\n\n")
    name = path.parent.name if path.stem == "__main__" else f"{path.parent.name}.{path.stem}"
    started = f"`python -m {name}`" if _is_program(tree) else f"`import {name}`"
    lines = "\n".join(f"    {line}".rstrip() for line in source.splitlines())
    return (
        f"## {_title(path)}\n\n**{' '.join(first.split())}** {started}\n\n{rest}\n\n"
        f'??? example "The source: `{path.parent.name}/{path.name}`"\n\n'
        f"    ```python\n{lines}\n    ```\n"
    )


def _title(path: Path) -> str:
    return "The demo" if path.stem == "__main__" else path.stem.replace("_", " ").capitalize()


def _is_program(tree: ast.Module) -> bool:
    """Tell whether a module does something when it is run."""
    return any(
        isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body
    )
