"""What the plugin says about each module: worked out of the indexes of all files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from graflow_mypy.fitting import Fitting
from graflow_mypy.forms import ANY_FORM, Form, form_of, show
from graflow_mypy.keys import Finding, judge_keys
from graflow_mypy.messages import SCHEMA
from graflow_mypy.notes import Record
from graflow_mypy.options import PluginOptions
from graflow_mypy.patterns import Pattern, Patterns, text_of
from graflow_mypy.program import Program
from graflow_mypy.shapes import Shapes
from graflow_mypy.tasks import Definition, Tasks
from graflow_mypy.uses import uses_of, writes_at_start

__all__ = ["Facts", "Place", "facts_of"]

Place = tuple[int, int, int | str]
"""The first line, the last line and the last column of a call, or what the scan has for it."""


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
            column: Where a place has its column: 2 for mypy's old parser, 3 for the native one.
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


def facts_of(
    records: Mapping[str, Record], load: Callable[[str], Record], options: PluginOptions
) -> dict[str, Any]:
    """Return what there is to say about each module, as JSON; see `Program`."""
    return _Judge(Program(records, load), options).facts()


class _Judge:
    """Goes through a program, and collects what there is to say about it."""

    def __init__(self, program: Program, options: PluginOptions) -> None:
        self._records = program.records
        self._options = options
        self._program = program
        shapes = Shapes(self._program)
        self._fitting = Fitting(shapes)
        self._uses, self._is_closed = uses_of(self._program, shapes)
        self._tasks = Tasks(self._program)
        self._findings: list[Finding] = []
        self._found: dict[str, Any] = {}

    def facts(self) -> dict[str, Any]:
        written = self._written()
        self._findings += judge_keys(
            self._uses, is_closed=self._is_closed, written=written, fitting=self._fitting
        )
        for module, record in self._records.items():
            self._look_at_results(module, record, written)
            self._look_at_schemas(module, record)
        for module, place, code, message in sorted(self._findings, key=repr):
            if code not in self._options.off:
                about = self._found.setdefault(module, {})
                about.setdefault("messages", []).append([place, code, message])
        return self._found

    def _written(self) -> Patterns:
        written = {*self._tasks.written(), *map(_glob, self._options.external_keys)}
        for record in self._records.values():
            written.update(writes_at_start(self._program, record))
        for use in self._uses:
            if use.signature.writes:
                written |= use.keys
        return Patterns(written)

    def _look_at_results(self, module: str, record: Record, written: Patterns) -> None:
        for asked, function, place in record.get("results", ()):
            texts = self._program.texts(asked)
            text = text_of(next(iter(texts))) if len(texts) == 1 else None
            if text is None:
                continue
            definitions = self._tasks.definitions(text, module, function)
            self._findings += self._tasks.judge(written, text, definitions, place, module)
            result = self._result(definitions)
            if result is not None:
                about = self._found.setdefault(module, {})
                about.setdefault("results", []).append([place, *result[:3]])
                about["needs"] = sorted({*about.get("needs", ()), *result[3]})

    def _result(
        self, definitions: set[Definition | None]
    ) -> tuple[str, str, Form | None, set[str]] | None:
        """Return where the type of a result comes from, and the modules that it needs."""
        known = sorted(each for each in definitions if each is not None)
        if None in definitions or not known:
            return None
        forms = {self._tasks.form(each) for each in known}
        form = forms.pop()
        if forms or (len(known) > 1 and form == ANY_FORM):
            return None
        chosen = known[0]
        if self._tasks.is_nested(chosen):
            return chosen.module, chosen.name, form, {chosen.module, *_modules(form)}
        return chosen.module, chosen.name, None, {chosen.module}

    def _look_at_schemas(self, module: str, record: Record) -> None:
        for term, is_keyed, _, place in record.get("schemas", ()):
            message = _unstorable(form_of(term, self._program), is_keyed, self._fitting)
            if message:
                self._findings.append((module, place, SCHEMA, message))


def _glob(text: str) -> Pattern:
    pieces: list[str | None] = []
    for number, piece in enumerate(text.split("*")):
        pieces += [None] * bool(number) + [piece] * bool(piece)
    return tuple(pieces)


def _modules(form: Form) -> set[str]:
    if form[0] == "class":
        return {form[1]}
    parts = form[1] if form[0] == "union" else form[2:] if form[0] in {"array", "map"} else ()
    return set[str]().union(*map(_modules, parts))


def _unstorable(form: Form, is_keyed: bool, fitting: Fitting) -> str:
    if is_keyed and fitting.is_no_typed_dict(form):
        return f'Schema "{show(form)}" cannot be that of a keyed channel: it is no TypedDict'
    found = fitting.unstorable_part(form)
    if found is None:
        return ""
    path, what = found
    where = f'field "{path}" is' if path else "it is"
    return f'Schema "{show(form)}" cannot be stored in a channel: {where} {what}'
