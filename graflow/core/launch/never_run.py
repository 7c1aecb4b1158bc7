"""Programs that make workflows and never run any: a hint when they end."""

from __future__ import annotations

import ast
import atexit
import linecache
import sys
import warnings
from collections.abc import Iterator, Mapping, Set
from types import FrameType, ModuleType
from typing import Final, NamedTuple

from graflow.exceptions import NeverRunWarning

__all__ = ["note_made", "note_used"]

_MAKERS: Final = frozenset({"workflow", "Workflow"})


class _Made(NamedTuple):
    """A workflow that the main program has made.

    Attributes:
        workflow: Its name.
        path: The program's file.
        line: Where the workflow's `with` block is.
    """

    workflow: str
    path: str
    line: int


class _Program:
    """What the program of this process has done with workflows."""

    def __init__(self) -> None:
        """Have done nothing."""
        self.made: list[_Made] = []
        self.is_used = False

    def end(self) -> None:
        """Warn of workflows that nothing could ever have run.

        Only a program that has run none at all is looked at, that has not failed, and only its own
        file: what a module makes may be for others.
        """
        has_failed = hasattr(sys, "last_value")
        if self.is_used or has_failed or sys.flags.interactive or hasattr(sys, "ps1"):
            return
        names = vars(sys.modules["__main__"])
        for workflow, path, line in self.made:
            if _is_out_of_reach(path, line, names):
                warnings.warn_explicit(
                    f"workflow {workflow!r} was never run: call execute() of what "
                    "`with workflow(...) as wf` gives",
                    NeverRunWarning,
                    path,
                    line,
                )


_program = _Program()


def note_made(workflow: str, frame: FrameType) -> None:
    """Note that a workflow was made.

    Args:
        workflow: Its name.
        frame: That of its `with` block.
    """
    path = frame.f_code.co_filename
    main = sys.modules.get("__main__")
    is_main = main is not None and frame.f_globals is vars(main)
    if _program.is_used or not is_main or getattr(main, "__file__", None) != path:
        return
    if not _program.made:
        atexit.register(_program.end)
    _program.made.append(_Made(workflow, path, frame.f_lineno))


def note_used() -> None:
    """Note that a workflow runs, or that somebody looks at one."""
    _program.is_used = True
    _program.made.clear()


def _is_out_of_reach(path: str, line: int, values: Mapping[str, object]) -> bool:
    """Tell whether the workflow of the `with` block in a line has no name that the file uses.

    Args:
        path: The file.
        line: The line.
        values: The values of the file's global names.
    """
    try:
        tree = ast.parse("".join(linecache.getlines(path)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    makers = {name for name, value in values.items() if _is_ours(value)}
    names = {each for node in ast.walk(tree) for each in _names(node, line, makers)}
    return "" in names and names.isdisjoint(_used(tree).union(_given(tree, makers)))


def _is_ours(value: object) -> bool:
    """Tell whether a value is graflow, `graflow.workflow` or `graflow.Workflow`."""
    name = getattr(value, "__name__", None)
    if isinstance(value, ModuleType):
        return name == "graflow"
    home = getattr(value, "__module__", None)
    return name in _MAKERS and home == "graflow.core.workflow"


def _names(node: ast.AST, line: int, makers: Set[str]) -> Iterator[str]:
    """Yield the names that a node gives to the workflow in a line, and "" if it has that block."""
    if not isinstance(node, ast.With) or not node.lineno <= line < node.body[0].lineno + 1:
        return
    for item in node.items:
        yield ""
        for part in (item.context_expr, item.optional_vars):
            if isinstance(part, ast.Name):
                yield part.id
            elif part is not None and not _is_plain_call(part, makers):
                yield "*"


def _is_plain_call(node: ast.expr | None, makers: Set[str]) -> bool:
    """Tell whether an expression makes a workflow that nobody else knows: `workflow("name")`."""
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Attribute):
        return called.attr in _MAKERS and _is_maker(called.value, makers)
    return _is_maker(called, makers)


def _is_maker(node: ast.expr | None, makers: Set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in makers


def _given(tree: ast.Module, makers: Set[str]) -> Iterator[str]:
    """Yield the names that a file gives to what somebody else may have in hand."""
    nodes = list(ast.walk(tree))
    new = {id(target) for node in nodes for target in _targets(node, makers)}
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in new:
                yield name
            case ast.arg(arg=name) | ast.alias(asname=str(name)) | ast.alias(name=name):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case _:
                pass


def _targets(node: ast.AST, makers: Set[str]) -> list[ast.expr]:
    """Return what a node assigns a workflow to that nobody else knows."""
    match node:
        case ast.Assign(targets=[target], value=value) if _is_plain_call(value, makers):
            return [target]
        case ast.AnnAssign(target=target, value=value) if _is_plain_call(value, makers):
            return [target]
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target) if isinstance(
            value, ast.Name
        ) or _is_plain_call(value, makers):
            return [target]
        case _:
            return []


def _used(tree: ast.Module) -> set[str]:
    """Return the names and texts that a file uses, other than to open a `with` block."""
    opened = {
        id(item.context_expr)
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        for item in node.items
    }
    used = {"*"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in opened:
            used.add(node.id)
        elif isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used.add(node.value)
    if not used.isdisjoint({"eval", "exec", "globals", "locals", "vars"}):
        used.add("")
    return used
