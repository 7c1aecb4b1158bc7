"""Judging: the facts about each module, worked out from the notes on all files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from operator import attrgetter

from graflow_mypy.check.diagnostics import PARAMETERS, Diagnostic, Unjudged
from graflow_mypy.check.fitting import Fitting
from graflow_mypy.check.key_uses import KeyJudge, Writers
from graflow_mypy.check.possible_writers import PossibleWriters
from graflow_mypy.check.start_values import wrong_starts
from graflow_mypy.check.task_results import Tasks
from graflow_mypy.index.facts import Message, ModuleFacts, ResultType, UnreadFile
from graflow_mypy.messages import (
    KEY_SHAPE,
    KEY_UNKNOWN,
    RESULT,
    SCHEMA,
    UNJUDGED,
    UNREAD,
    printable,
)
from graflow_mypy.options import EVERYTHING, PluginOptions
from graflow_mypy.program.blind_spots import BlindSpot
from graflow_mypy.program.channels import Receivers, Whose
from graflow_mypy.program.declared_keys import misused_pattern, misused_result
from graflow_mypy.program.parameters import parameters_read
from graflow_mypy.program.patterns import ANYTHING, Pattern, Patterns, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import ProgramClass, ProgramFunction
from graflow_mypy.program.services import Services
from graflow_mypy.program.types.classes import Layouts
from graflow_mypy.program.types.forms import ANY_FORM, Form, parts_of, show
from graflow_mypy.program.types.type_terms import form_of
from graflow_mypy.program.types.type_texts import type_text
from graflow_mypy.program.uses import uses_of
from graflow_mypy.source.note_taker import CHANGES
from graflow_mypy.source.notes import CallSite, FileNotes
from graflow_mypy.source.terms import Name, RunChannel

__all__ = ["facts_of"]


def facts_of(
    files: Mapping[str, FileNotes],
    load: Callable[[str], FileNotes],
    options: PluginOptions,
    bases: Mapping[str, str],
    shown: Callable[[str], str],
) -> dict[str, ModuleFacts]:
    """Return the findings about each module, if there are any.

    Args:
        files: See `Program`.
        load: See `Program`.
        options: What is not reported, and which keys others write.
        bases: The base folder of each module that is judged; see `Services`.
        shown: Returns what messages call the file of a module.
    """
    program = Program(files, load, frozenset(files.keys() - bases.keys()))
    return _Judge(program, options, Services(bases, files), shown).facts()


class _Judge:
    """Goes through a program, and collects the findings."""

    def __init__(
        self,
        program: Program,
        options: PluginOptions,
        services: Services,
        shown: Callable[[str], str],
    ) -> None:
        self._files = program.files
        own = program.files.keys() - program.others
        self._own = {module: notes for module, notes in program.files.items() if module in own}
        self._options = options
        self._program = program
        layouts = Layouts(self._program)
        self._fitting = Fitting(layouts)
        self._receivers = Receivers(self._program)
        self._uses, self._makers = uses_of(self._program, layouts, self._receivers)
        self._uses += parameters_read(self._program)
        self._services = services
        self._tasks = Tasks(self._program, services)
        self._writers = self._written()
        self._shown = shown
        self._unjudged = self._nothing_unjudged()
        self._diagnostics: list[Diagnostic] = []
        self._found: dict[str, ModuleFacts] = {}

    def facts(self) -> dict[str, ModuleFacts]:
        self._look_at_keys()
        for module, notes in self._own.items():
            self._look_at_results(module, notes)
            self._look_at_starts(module, notes)
            self._look_at_patterns(module, notes)
            self._look_at_schemas(module, notes)
            self._look_at_file(module, notes)
        if UNJUDGED not in self._options.off:
            self._diagnostics += self._unjudged.notes()
        for each in sorted(set(self._diagnostics), key=repr):
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
            self._unjudged.add(PARAMETERS, "", each, self._makers)

    def _nothing_unjudged(self) -> Unjudged:
        is_everything = self._options.paths == (EVERYTHING,)
        return Unjudged(self._shown, self._options.off, is_for_each_folder=is_everything)

    def _judged(self, whose: Collection[Whose], unjudged: Unjudged) -> set[Diagnostic]:
        writers = replace(self._writers, unless=self._unless(KEY_UNKNOWN))
        judge = KeyJudge(writers, self._fitting, unjudged)
        found: set[Diagnostic] = set()
        for modules in self._services.groups:
            uses = [use for use in self._uses if use.module in modules]
            found.update(judge.judge(uses, whose))
            schemas = set(self._schemas_of_keys(modules))
            found.update(wrong_starts(uses, schemas, self._program, self._fitting))
        return found

    def _schemas_of_keys(self, modules: Collection[str]) -> Iterator[ProgramClass]:
        """Yield the schemas that describe the keys of runs, as far as modules use them."""
        for module in modules:
            for note in self._files[module].uses:
                channel = note.receiver
                if isinstance(channel, RunChannel) and channel.kind == "keyed":
                    found = self._receivers.of(channel)
                    form = form_of(found.schema, self._program)
                    if found.where == "run" and isinstance(form, ProgramClass):
                        yield form

    def _about(self, module: str) -> ModuleFacts:
        return self._found.setdefault(module, ModuleFacts())

    def _written(self) -> Writers:
        """Return the keys that are written, and the lines that may write others."""
        spots = []
        written: set[Pattern] = set()
        for use in self._uses:
            if use.claim.creates or (use.claim.writes and use.where == "unknown"):
                written |= use.keys
                if ANYTHING in use.keys:
                    spots.append(BlindSpot(use.module, use.line, use.does, use.claim.form))
        written.discard(ANYTHING)
        others = {*self._tasks.written(), *map(_glob, self._options.external_keys)}
        return Writers(
            keys=Patterns(written | others),
            spots=spots,
            uses=PossibleWriters(self._uses),
            others=Patterns(others),
            may_be_result=self._tasks.may_write,
        )

    def _look_at_results(self, module: str, notes: FileNotes) -> None:
        for note in notes.results:
            texts = self._program.texts(note.asked)
            text = text_of(next(iter(texts))) if len(texts) == 1 else None
            if text is None or not self._receivers.is_of_run(note.owner):
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

    def _look_at_starts(self, module: str, notes: FileNotes) -> None:
        """Report starts at tasks that don't exist.

        Where that can't be judged, nothing says so: another class may have a method of that name.
        """
        writers = replace(self._writers, unless=self._unless(RESULT))
        if self._tasks.spots(writers):
            return
        for note in notes.starts:
            texts = self._program.texts(note.asked)
            text = text_of(next(iter(texts))) if len(texts) == 1 else None
            if text is not None and text != "None":  # which starts at no task
                missing = self._tasks.missing(writers, text, note.site, module)
                self._diagnostics += [missing] if missing is not None else []

    def _look_at_patterns(self, module: str, notes: FileNotes) -> None:
        """Report patterns that are called with other values than they have, and changed results."""
        for note in notes.uses:
            if note.site is None:
                continue
            if message := misused_pattern(note.key, self._program):
                self._diagnostics.append(Diagnostic(module, note.site, KEY_UNKNOWN, message))
            if note.operation not in CHANGES:
                continue
            message = misused_result(note.key, self._program)
            if message and self._receivers.of(note.receiver).kind == "declared":
                self._diagnostics.append(Diagnostic(module, note.site, KEY_SHAPE, message))

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


def _unstorable(form: Form, name: str, is_keyed: bool, fitting: Fitting) -> str:
    if is_keyed and fitting.is_no_typed_dict(form):
        return f'Schema "{name}" can\'t describe the keys of a channel: it is not a TypedDict'
    found = fitting.unstorable_part(form)
    if found is None:
        return ""
    path, what = found
    where = f'field "{path}" is' if path else "it is"
    return f'Schema "{name}" can\'t be stored in a channel: {where} {what}'
