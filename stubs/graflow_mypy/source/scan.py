"""The scan of one file: the keys and tasks it uses, and what its names stand for."""

from __future__ import annotations

import ast
import warnings

from graflow_mypy.source.definitions import classes_made, names_of, stars_of
from graflow_mypy.source.files.interest import Interest
from graflow_mypy.source.files.reading import parsing_failed
from graflow_mypy.source.note_taker import NoteTaker
from graflow_mypy.source.notes import FileNotes
from graflow_mypy.source.rebindings import assigned_from_inside
from graflow_mypy.source.scopes import Scope
from graflow_mypy.source.terms import ANY, either
from graflow_mypy.source.visitor import Visitor

__all__ = ["scan"]


def scan(
    source: bytes,
    module: str,
    *,
    is_package: bool,
    interest: Interest,
    only_definitions: bool = False,
) -> FileNotes:
    """Return the notes on a file.

    Args:
        source: What the file holds.
        module: The full name of the module.
        is_package: Whether the file is an `__init__`.
        interest: What makes a function worth a look.
        only_definitions: Whether to leave out what the file uses.

    Raises:
        Unread: The file can't be parsed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        package = module if is_package else module.rpartition(".")[0]
        odd = b":=" in source, b"nonlocal" in source
        scope = Scope("module", "", tree, None, package, module, *odd)
        taker = NoteTaker(source)
        visitor = Visitor(scope, taker, interest)
        if only_definitions:
            visitor.visit_definitions(tree.body, scope)
        else:
            visitor.visit_body(tree.body, scope)
        notes = taker.notes
        notes.stars = stars_of(scope)
        names = notes.names = names_of(tree, scope)
        for name, made in classes_made(tree, scope):
            notes.classes[name] = made
            del names[name]
        for name in assigned_from_inside(tree) if b"global" in source else ():
            names[name] = either([names.get(name, ANY), ANY])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise parsing_failed(error) from error
    return notes
