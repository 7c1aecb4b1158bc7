"""Facts about each module, worked out from the indexes of all files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from graflow_mypy.check.fitting import Fitting
from graflow_mypy.check.keys import Finding, judge_keys
from graflow_mypy.check.results import Definition, Tasks
from graflow_mypy.messages import KEY_UNKNOWN, RESULT, SCHEMA, UNREAD, printable
from graflow_mypy.options import PluginOptions
from graflow_mypy.program.classes import Shapes
from graflow_mypy.program.forms import ANY_FORM, Form, form_of, show
from graflow_mypy.program.patterns import Pattern, Patterns, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.uses import uses_of, writes_at_start
from graflow_mypy.source.notes import Record

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
        unread: The line and the message of why nothing is known of the module, if it is so.
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
        self.unread: tuple[int, str] | None = raw.get("unread")
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
            self._uses,
            is_closed=self._is_closed,
            written=written,
            fitting=self._fitting,
            unless=self._unless(KEY_UNKNOWN),
        )
        for module, record in self._records.items():
            self._look_at_results(module, record, written)
            self._look_at_schemas(module, record)
            self._look_at_file(module, record)
        for module, place, code, message in sorted(self._findings, key=repr):
            if code not in self._options.off:
                about = self._found.setdefault(module, {})
                about.setdefault("messages", []).append([place, code, printable(message)])
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
            self._findings += self._tasks.judge(
                written, text, definitions, place, module, self._unless(RESULT)
            )
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
            form = form_of(term, self._program)
            message = _unstorable(form, is_keyed, self._fitting)
            home = self._program.unread_home(term) if form == ANY_FORM else None
            if message:
                self._findings.append((module, place, SCHEMA, message))
            elif home is not None and SCHEMA not in self._options.off:
                name = term[1].rpartition(".")[2]
                message = f'Schema "{name}" is unknown, as "{home}" can\'t be read'
                self._findings.append((module, place, UNREAD, message))

    def _look_at_file(self, module: str, record: Record) -> None:
        """Say in a file that can't be read that it is so; mypy may be able to read it."""
        if _is_unread(record) and UNREAD not in self._options.off:
            line, reason, _ = record["unread"]
            message = f"What this file does with keys and tasks is unknown: {reason}"
            self._found.setdefault(module, {})["unread"] = [line, printable(message)]

    def _unless(self, code: str) -> str:
        """Return what to add to a message that something is nowhere: files may have it.

        Where the code is off, so is what would be said instead.
        """
        unread = [each["unread"] for each in self._records.values() if _is_unread(each)]
        if not unread or code in self._options.off:
            return ""
        _, reason, path = min(unread, key=itemgetter(2))
        others = f", and {len(unread) - 1} more files" if len(unread) > 1 else ""
        return f', unless in "{path}", which can\'t be read ({reason}){others}'


def _is_unread(record: Record) -> bool:
    """Tell whether a file may do anything: it can't be read, and its text does not exclude it."""
    return "unread" in record and not record.get("quiet")


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
        return f'Schema "{show(form)}" can\'t have the keys of a channel: it is not a TypedDict'
    found = fitting.unstorable_part(form)
    if found is None:
        return ""
    path, what = found
    where = f'field "{path}" is' if path else "it is"
    return f'Schema "{show(form)}" can\'t be stored in a channel: {where} {what}'
