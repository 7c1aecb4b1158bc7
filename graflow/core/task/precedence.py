"""Precedence: `a >> b | c`, which Python takes for `(a >> b) | c`, found in the source."""

from __future__ import annotations

import ast
import linecache
import warnings
from itertools import islice
from types import FrameType

from graflow.exceptions import PrecedenceWarning

__all__ = ["warn_if_unclear"]

_LONGEST = 40  # characters of code that a message quotes
_MOST = 2000  # characters of code that are looked at: a program may have written it


def warn_if_unclear(frame: FrameType) -> None:
    """Warn if the `|` that a frame evaluates stands beside a `>>` without parentheses.

    Without the source, which has the parentheses, nothing is said.

    Args:
        frame: That of the code with the `|`, two calls up.
    """
    source = _source_of(frame)
    found = _unclear(source) if ">>" in source and len(source) <= _MOST else None
    if found is not None:
        written, meant, other = found
        warnings.warn(
            f"`{written}` means `{meant}`, since `>>` binds more tightly than `|`: write that, "
            f"or `{other}`",
            PrecedenceWarning,
            stacklevel=3,
        )


def _source_of(frame: FrameType) -> str:
    """Return the source of the expression that a frame evaluates; empty if it can't be had."""
    code = frame.f_code
    where = next(islice(code.co_positions(), frame.f_lasti // 2, None), None)
    if where is None:
        return ""
    first, last, start, end = where
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [
        linecache.getline(code.co_filename, number, frame.f_globals).encode()
        for number in range(first, last + 1)
    ]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return b"".join(lines).decode(errors="replace")


def _unclear(source: str) -> tuple[str, str, str] | None:
    """Return an expression, what it means, and what else may be meant; `None` if it is clear."""
    try:
        whole = ast.parse(f"({source})", mode="eval").body
    except (SyntaxError, ValueError):  # the file has changed since, or this is `a |= b`
        return None
    if not isinstance(whole, ast.BinOp) or not isinstance(whole.op, ast.BitOr):
        return None
    # A node's place does not include the parentheses around it.
    left, right = _chain(whole.left), _chain(whole.right)
    if left is not None and _start(left) != _start(whole):
        left = None
    if right is not None and _end(right) != _end(whole):
        right = None
    if left is None and right is None:
        return None
    written = " ".join(source.split())
    if len(written) <= _LONGEST:
        texts = (written, _shown(whole), _shown(_other(left, right, whole)))
        if max(map(len, texts)) <= _LONGEST:
            return texts
    if left is not None and right is not None:
        return "a >> b | c >> d", "(a >> b) | (c >> d)", "a >> (b | c) >> d"
    if left is not None:
        return "a >> b | c", "(a >> b) | c", "a >> (b | c)"
    return "a | b >> c", "a | (b >> c)", "(a | b) >> c"


def _other(left: ast.BinOp | None, right: ast.BinOp | None, whole: ast.BinOp) -> ast.expr:
    """Return the expression in which `|` binds more tightly than `>>`."""
    first, rest = whole.right, list[ast.expr]()
    while right is not None:
        first, rest = right.left, [right.right, *rest]
        right = _chain(first) if _start(first) == _start(whole.right) else None
    other: ast.expr = ast.BinOp(whole.left if left is None else left.right, ast.BitOr(), first)
    if left is not None:
        other = ast.BinOp(left.left, ast.RShift(), other)
    for each in rest:
        other = ast.BinOp(other, ast.RShift(), each)
    return other


def _shown(node: ast.expr) -> str:
    """Return the source of an expression, with all parentheses that make it clear."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.BitOr | ast.RShift):
        return ast.unparse(node)
    left, right = _shown(node.left), _shown(node.right)
    if isinstance(node.left, ast.BinOp) and type(node.left.op) is not type(node.op):
        left = f"({left})"
    if isinstance(node.right, ast.BinOp):
        right = f"({right})"
    return f"{left} {'|' if isinstance(node.op, ast.BitOr) else '>>'} {right}"


def _chain(node: ast.expr) -> ast.BinOp | None:
    """Return a node if it is `a >> b`."""
    return node if isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift) else None


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> tuple[int | None, int | None]:
    return node.end_lineno, node.end_col_offset
