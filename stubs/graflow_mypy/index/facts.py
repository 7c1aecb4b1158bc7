"""Facts about each module, worked out from the notes on all files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from graflow_mypy.check.fitting import Fitting
from graflow_mypy.check.key_uses import Diagnostic, judge_keys
from graflow_mypy.check.task_results import Tasks
from graflow_mypy.index.encoding import encoded
from graflow_mypy.messages import KEY_UNKNOWN, RESULT, SCHEMA, UNREAD, printable
from graflow_mypy.options import PluginOptions
from graflow_mypy.program.channels import Receivers
from graflow_mypy.program.classes import Layouts
from graflow_mypy.program.forms import ANY_FORM, Form, parts_of, show
from graflow_mypy.program.parameters import parameters_read
from graflow_mypy.program.patterns import Pattern, Patterns, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import ProgramClass, ProgramFunction
from graflow_mypy.program.services import Services
from graflow_mypy.program.type_terms import form_of
from graflow_mypy.program.uses import uses_of, writes_at_start
from graflow_mypy.source.notes import CallSite, FileNotes
from graflow_mypy.source.terms import Name

__all__ = ["Facts", "Message", "ModuleFacts", "ResultType", "Span", "facts_of"]

Span: TypeAlias = tuple[int, int, int | str]
"""The first line, the last line and the last column of a call, or what the scan has for it."""


@dataclass(frozen=True, slots=True)
class Message:
    """An error to report at a call."""

    site: CallSite
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class ResultType:
    """The origin of the type of a `get_result`.

    Attributes:
        site: The place of the call.
        module: The module of the function that returns it.
        name: The dotted name of the function there.
        form: What it returns, where the function can't be looked up.
    """

    site: CallSite
    module: str
    name: str
    form: Form | None


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """An error to report in a file that can't be read."""

    line: int
    message: str


@dataclass(slots=True)
class ModuleFacts:
    """The findings about a module, in the form in which they are kept.

    Attributes:
        messages: What is wrong.
        results: The types of results.
        needs: The modules that these come from.
        unread: Why nothing is known of the module, if it is so.
    """

    messages: list[Message] = field(default_factory=list)
    results: list[ResultType] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    unread: UnreadFile | None = None


class Facts:
    """The findings about the module being checked, in the form that hooks need.

    Attributes:
        messages: For the place of a call, what to report.
        results: For the place of a `get_result`, where its type comes from.
        needs: The modules that the types of results come from.
        unread: What to report where nothing is known of the module.
        digest: Differs where anything of this differs.
    """

    def __init__(self, kept: ModuleFacts, *, is_native: bool) -> None:
        """Take what `facts_of` has found for a module.

        Args:
            kept: The findings.
            is_native: Whether mypy parses with its native parser, whose columns differ.
        """

        def span(site: CallSite) -> Span:
            return site.line, site.end_line, site.native_column if is_native else site.column

        self.messages: dict[Span, list[Message]] = {}
        for message in kept.messages:
            self.messages.setdefault(span(message.site), []).append(message)
        self.results = {span(result.site): result for result in kept.results}
        self.needs = kept.needs
        self.unread = kept.unread
        text = encoded(kept)
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:16]


def facts_of(
    files: Mapping[str, FileNotes],
    load: Callable[[str], FileNotes],
    options: PluginOptions,
    bases: Mapping[str, str],
) -> dict[str, ModuleFacts]:
    """Return the findings about each module, if there are any.

    Args:
        files: See `Program`.
        load: See `Program`.
        options: What is not reported, and which keys others write.
        bases: The base folder of each module that is judged; see `Services`.
    """
    others = frozenset(files.keys() - bases.keys())
    return _Judge(Program(files, load, others), options, Services(bases, files)).facts()


class _Judge:
    """Goes through a program, and collects the findings."""

    def __init__(self, program: Program, options: PluginOptions, services: Services) -> None:
        self._files = program.files
        own = program.files.keys() - program.others
        self._own = {module: notes for module, notes in program.files.items() if module in own}
        self._options = options
        self._program = program
        layouts = Layouts(self._program)
        self._fitting = Fitting(layouts)
        self._receivers = Receivers(self._program)
        self._uses, self._is_closed = uses_of(self._program, layouts, self._receivers)
        self._uses += parameters_read(self._program)
        self._services = services
        self._tasks = Tasks(self._program, services)
        self._diagnostics: list[Diagnostic] = []
        self._found: dict[str, ModuleFacts] = {}

    def facts(self) -> dict[str, ModuleFacts]:
        written = self._written()
        for modules in self._services.groups:
            self._diagnostics += judge_keys(
                [use for use in self._uses if use.module in modules],
                is_closed=self._is_closed,
                written=written,
                fitting=self._fitting,
                unless=self._unless(KEY_UNKNOWN),
            )
        for module, notes in self._own.items():
            self._look_at_results(module, notes, written)
            self._look_at_starts(module, notes, written)
            self._look_at_schemas(module, notes)
            self._look_at_file(module, notes)
        for each in sorted(set(self._diagnostics), key=repr):
            if each.code not in self._options.off:
                message = Message(each.site, each.code, printable(each.message))
                self._about(each.module).messages.append(message)
        return self._found

    def _about(self, module: str) -> ModuleFacts:
        return self._found.setdefault(module, ModuleFacts())

    def _written(self) -> Patterns:
        written = {*self._tasks.written(), *map(_glob, self._options.external_keys)}
        for notes in self._files.values():
            written.update(writes_at_start(self._program, notes))
        for use in self._uses:
            if use.claim.writes:
                written |= use.keys
        return Patterns(written)

    def _look_at_results(self, module: str, notes: FileNotes, written: Patterns) -> None:
        for note in notes.results:
            texts = self._program.texts(note.asked)
            text = text_of(next(iter(texts))) if len(texts) == 1 else None
            if text is None or not self._receivers.is_of_run(note.owner):
                continue
            definitions = self._tasks.definitions(text, module, note.function)
            self._diagnostics += self._tasks.judge(
                written, text, definitions, note.site, module, self._unless(RESULT)
            )
            result = self._result(note.site, definitions)
            if result is not None:
                about = self._about(module)
                about.results.append(result)
                needs = {result.module, *_modules(result.form or ANY_FORM)}
                about.needs = sorted({*about.needs, *needs})

    def _look_at_starts(self, module: str, notes: FileNotes, written: Patterns) -> None:
        for note in notes.starts:
            texts = self._program.texts(note.asked)
            text = text_of(next(iter(texts))) if len(texts) == 1 else None
            if text is not None and text != "None":  # which starts at no task
                found = self._tasks.definitions(text, module, note.function)
                self._diagnostics += self._tasks.missing(
                    written, text, found, note.site, module, self._unless(RESULT)
                )

    def _result(
        self, site: CallSite, definitions: set[ProgramFunction | None]
    ) -> ResultType | None:
        """Return where the type of a result comes from, if that is known."""
        known = sorted(each for each in definitions if each is not None)
        if None in definitions or not known:
            return None
        forms = {self._tasks.form(each) for each in known}
        form = forms.pop()
        if forms or (len(known) > 1 and form == ANY_FORM):
            return None
        chosen = known[0]
        is_nested = self._tasks.is_nested(chosen)
        return ResultType(site, chosen.module, chosen.name, form if is_nested else None)

    def _look_at_schemas(self, module: str, notes: FileNotes) -> None:
        for note in notes.schemas:
            form = form_of(note.schema, self._program)
            message = _unstorable(form, note.is_keyed, self._fitting)
            if message:
                self._diagnostics.append(Diagnostic(module, note.site, SCHEMA, message))
            elif form == ANY_FORM and isinstance(note.schema, Name):
                self._look_at_home(module, note.schema, note.site)

    def _look_at_home(self, module: str, schema: Name, site: CallSite) -> None:
        """Report a schema that is unknown because its file can't be read."""
        home = self._program.unread_home(schema.dotted)
        if home is not None and SCHEMA not in self._options.off:
            message = f'Schema "{schema.last}" is unknown, as "{home}" can\'t be read'
            self._diagnostics.append(Diagnostic(module, site, UNREAD, message))

    def _look_at_file(self, module: str, notes: FileNotes) -> None:
        """Report a file that can't be read in the file itself, as mypy may be able to read it."""
        unread = notes.unread if notes.may_hide_uses else None
        if unread is not None and UNREAD not in self._options.off:
            message = f"What this file does with keys and tasks is unknown: {unread.reason}"
            self._about(module).unread = UnreadFile(unread.line, printable(message))

    def _unless(self, code: str) -> str:
        """Return what to add to a message that something is missing: unread files may have it.

        Where the code is off, nothing is said about such files either.
        """
        hiding = (notes.unread for notes in self._own.values() if notes.may_hide_uses)
        unread = [each for each in hiding if each is not None]
        if not unread or code in self._options.off:
            return ""
        first = min(unread, key=attrgetter("path"))
        others = f", and {len(unread) - 1} more files" if len(unread) > 1 else ""
        return f', unless in "{first.path}", which can\'t be read ({first.reason}){others}'


def _glob(text: str) -> Pattern:
    pieces: list[str | None] = []
    for number, piece in enumerate(text.split("*")):
        pieces += [None] * bool(number) + [piece] * bool(piece)
    return tuple(pieces)


def _modules(form: Form) -> set[str]:
    if isinstance(form, ProgramClass):
        return {form.module}
    return set[str]().union(*map(_modules, parts_of(form)))


def _unstorable(form: Form, is_keyed: bool, fitting: Fitting) -> str:
    if is_keyed and fitting.is_no_typed_dict(form):
        return f'Schema "{show(form)}" can\'t describe the keys of a channel: it is not a TypedDict'
    found = fitting.unstorable_part(form)
    if found is None:
        return ""
    path, what = found
    where = f'field "{path}" is' if path else "it is"
    return f'Schema "{show(form)}" can\'t be stored in a channel: {where} {what}'
