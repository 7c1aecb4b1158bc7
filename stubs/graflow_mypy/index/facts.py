"""Facts about each module, worked out from the notes on all files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TypeAlias

from graflow_mypy.check.diagnostics import PARAMETERS, Diagnostic, Unjudged
from graflow_mypy.check.fitting import Fitting
from graflow_mypy.check.key_uses import KeyJudge, Writers
from graflow_mypy.check.task_results import Tasks
from graflow_mypy.index.encoding import encoded
from graflow_mypy.messages import KEY_UNKNOWN, RESULT, SCHEMA, UNJUDGED, UNREAD, printable
from graflow_mypy.options import EVERYTHING, PluginOptions
from graflow_mypy.program.blind_spots import BlindSpot
from graflow_mypy.program.channels import Whose
from graflow_mypy.program.classes import Layouts
from graflow_mypy.program.forms import ANY_FORM, Form, parts_of, show
from graflow_mypy.program.patterns import ANYTHING, Pattern, Patterns, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import ProgramClass, ProgramFunction
from graflow_mypy.program.type_terms import form_of
from graflow_mypy.program.type_texts import type_text
from graflow_mypy.program.uses import uses_of
from graflow_mypy.source.notes import CallSite, FileNotes
from graflow_mypy.source.terms import Name

__all__ = ["Facts", "Message", "ModuleFacts", "ResultType", "Span", "facts_of"]

Span: TypeAlias = tuple[int, int, int | str]
"""The first line, the last line and the last column of a call, or what the scan has for it."""


@dataclass(frozen=True, slots=True)
class Message:
    """An error or a note to report at a call."""

    site: CallSite
    code: str
    text: str
    is_note: bool


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
    shown: Callable[[str], str],
) -> dict[str, ModuleFacts]:
    """Return the findings about each module, if there are any.

    Args:
        files: See `Program`.
        load: See `Program`.
        options: What is not reported, and which keys others write.
        shown: Returns what messages call the file of a module.
    """
    return _Judge(Program(files, load), options, shown).facts()


class _Judge:
    """Goes through a program, and collects the findings."""

    def __init__(
        self, program: Program, options: PluginOptions, shown: Callable[[str], str]
    ) -> None:
        self._files = program.files
        self._options = options
        self._program = program
        layouts = Layouts(self._program)
        self._fitting = Fitting(layouts)
        self._uses, self._makers = uses_of(self._program, layouts)
        self._tasks = Tasks(self._program)
        self._writers = Writers(*self._written())
        self._shown = shown
        self._unjudged = self._nothing_unjudged()
        self._diagnostics: list[Diagnostic] = []
        self._found: dict[str, ModuleFacts] = {}

    def facts(self) -> dict[str, ModuleFacts]:
        self._look_at_keys()
        for module, notes in self._files.items():
            self._look_at_results(module, notes)
            self._look_at_schemas(module, notes)
            self._look_at_file(module, notes)
        if UNJUDGED not in self._options.off:
            self._diagnostics += self._unjudged.notes()
        for each in sorted(self._diagnostics, key=repr):
            if each.code not in self._options.off:
                is_note = each.code in self._options.notes
                message = Message(each.site, each.code, printable(each.message), is_note)
                self._about(each.module).messages.append(message)
        return self._found

    def _look_at_keys(self) -> None:
        found = self._judged({"run"} if self._makers else {"run", "given"}, self._unjudged)
        self._diagnostics += found
        if not self._makers:
            return
        # A channel that comes in as a parameter may be one of those that are made.
        doubtful = self._judged({"run", "given"}, self._nothing_unjudged())
        for each in doubtful.difference(found):
            if each.code not in self._options.off:
                self._unjudged.add(PARAMETERS, "", each.module, each.site, self._makers)

    def _nothing_unjudged(self) -> Unjudged:
        is_everything = self._options.paths == (EVERYTHING,)
        return Unjudged(self._shown, is_for_each_folder=is_everything)

    def _judged(self, whose: Collection[Whose], unjudged: Unjudged) -> set[Diagnostic]:
        writers = replace(self._writers, unless=self._unless(KEY_UNKNOWN))
        return set(KeyJudge(writers, self._fitting, unjudged).judge(self._uses, whose))

    def _about(self, module: str) -> ModuleFacts:
        return self._found.setdefault(module, ModuleFacts())

    def _written(self) -> tuple[Patterns, list[BlindSpot]]:
        """Return the keys that are written, and the lines that may write others."""
        spots = []
        written: set[Pattern] = set()
        for use in self._uses:
            if use.claim.creates or (use.claim.writes and use.where == "unknown"):
                written |= use.keys
                if ANYTHING in use.keys:
                    spots.append(BlindSpot(use.location[0], use.line, use.does, use.claim.form))
        written.discard(ANYTHING)
        others = map(_glob, self._options.external_keys)
        return Patterns({*written, *self._tasks.written(), *others}), spots

    def _look_at_results(self, module: str, notes: FileNotes) -> None:
        for note in notes.results:
            texts = self._program.texts(note.asked)
            text = text_of(next(iter(texts))) if len(texts) == 1 else None
            if text is None:
                continue
            definitions = self._tasks.definitions(text, module, note.function)
            writers = replace(self._writers, unless=self._unless(RESULT))
            self._diagnostics += self._tasks.judge(
                writers, text, definitions, note.site, module, self._unjudged
            )
            result = self._result(note.site, definitions)
            if result is not None:
                about = self._about(module)
                about.results.append(result)
                needs = {result.module, *_modules(result.form or ANY_FORM)}
                about.needs = sorted({*about.needs, *needs})

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
            name = type_text(note.schema) or show(form)
            message = _unstorable(form, name, note.is_keyed, self._fitting)
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
        hiding = (notes.unread for notes in self._files.values() if notes.may_hide_uses)
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


def _unstorable(form: Form, name: str, is_keyed: bool, fitting: Fitting) -> str:
    if is_keyed and fitting.is_no_typed_dict(form):
        return f'Schema "{name}" can\'t describe the keys of a channel: it is not a TypedDict'
    found = fitting.unstorable_part(form)
    if found is None:
        return ""
    path, what = found
    where = f'field "{path}" is' if path else "it is"
    return f'Schema "{name}" can\'t be stored in a channel: {where} {what}'
