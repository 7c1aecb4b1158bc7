"""What the plugin says about each module: worked out of the indexes of all files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from graflow_mypy.fitting import Fitting
from graflow_mypy.forms import ANY_FORM, Form, form_of, show
from graflow_mypy.keys import judge_keys
from graflow_mypy.messages import SCHEMA
from graflow_mypy.options import PluginOptions
from graflow_mypy.patterns import Pattern, Patterns
from graflow_mypy.program import Program
from graflow_mypy.scan import Record
from graflow_mypy.shapes import Shapes
from graflow_mypy.tasks import Tasks
from graflow_mypy.uses import uses_of, writes_at_start

__all__ = ["Facts", "Place", "facts_of"]

Place = tuple[int, int, int]
"""The first line, the last line and the last column of a call."""


class Facts:
    """What hooks may know of the rest of the program while one module is checked.

    Attributes:
        messages: For the place of a call, codes and messages.
        results: For the place of a `get_result`, where its type comes from: a module, a
            function in it, and a form where the function can't be looked up.
        needs: The modules that the types of results come from.
        digest: Differs where anything of this differs.
    """

    def __init__(self, raw: Mapping[str, Any], column: int) -> None:
        """Take what `facts_of` has found for a module.

        Args:
            raw: The findings.
            column: Which column of a place counts: 2 for bytes, 3 for characters.
        """
        self.messages: dict[Place, list[tuple[str, str]]] = {}
        for place, code, text in raw.get("messages", ()):
            at = (place[0], place[1], place[column])
            self.messages.setdefault(at, []).append((code, text))
        self.results: dict[Place, tuple[str, str, Any]] = {
            (place[0], place[1], place[column]): (module, name, form)
            for place, module, name, form in raw.get("results", ())
        }
        self.needs: list[str] = raw.get("needs", [])
        text = json.dumps(raw, sort_keys=True)
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:16]


def facts_of(records: Mapping[str, Record], options: PluginOptions) -> dict[str, Any]:
    """Return what there is to say about each module, as JSON."""
    program = Program(records)
    shapes = Shapes(program)
    fitting = Fitting(shapes)
    found: dict[str, Any] = {}
    uses, is_closed = uses_of(program, shapes)
    tasks = Tasks(program)
    written: set[Pattern] = {*tasks.written(), *map(_glob, options.external_keys)}
    for record in records.values():
        written.update(writes_at_start(program, record))
    findings = list(judge_keys(uses, is_closed=is_closed, written=written, fitting=fitting))
    for use in uses:
        if use.signature.writes:
            written |= use.keys
    everything = Patterns(written)
    for module, record in records.items():
        for asked, _, place in record.get("results", ()):
            texts = Patterns(program.texts(asked)).texts
            for text in texts if len(texts) == 1 else ():
                findings += tasks.judge(everything, text, place, module)
                _add_result(found.setdefault(module, {}), tasks, text, place)
        for term, is_keyed, _, place in record.get("schemas", ()):
            message = _unstorable(form_of(term, program), is_keyed, fitting)
            if message:
                findings.append((module, place, SCHEMA, message))
    for module, place, code, message in sorted(findings, key=repr):
        if code not in options.off:
            found.setdefault(module, {}).setdefault("messages", []).append([place, code, message])
    return {module: facts for module, facts in found.items() if facts}


def _glob(text: str) -> Pattern:
    pieces: list[str | None] = []
    for number, piece in enumerate(text.split("*")):
        pieces += [None] * bool(number) + [piece] * bool(piece)
    return tuple(pieces)


def _add_result(facts: dict[str, Any], tasks: Tasks, asked: str, place: list[int]) -> None:
    definitions = tasks.definitions(asked)
    known = sorted(each for each in definitions if each is not None)
    if None in definitions or not known or tasks.is_ambiguous(definitions):
        return
    if len({tasks.form(each) for each in known}) > 1:
        return
    chosen = known[0]
    form = tasks.form(chosen)
    is_nested = tasks.is_nested(chosen)
    if len(known) > 1 and form == ANY_FORM:
        return
    shown = form if is_nested else None
    facts.setdefault("results", []).append([place, chosen.module, chosen.name, shown])
    needs = {*facts.get("needs", ()), chosen.module, *_modules(form if is_nested else ANY_FORM)}
    facts["needs"] = sorted(needs)


def _modules(form: Form) -> set[str]:
    if form[0] == "class":
        return {form[1]}
    parts = form[1] if form[0] == "union" else form[2:] if form[0] in {"array", "map"} else ()
    return set[str]().union(*map(_modules, parts))


def _unstorable(form: Form, is_keyed: bool, fitting: Fitting) -> str:
    found = fitting.unstorable_part(form)
    if found is None or (is_keyed and form[0] != "class"):
        return ""
    path, what = found
    where = f'field "{path}" is' if path else "it is"
    return f'Schema "{show(form)}" cannot be stored in a channel: {where} {what}'
