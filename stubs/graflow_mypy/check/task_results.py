"""The tasks of a program, and the mistakes in asking for their results."""

from __future__ import annotations

from collections.abc import Iterator

from graflow_mypy.check.key_uses import Diagnostic
from graflow_mypy.messages import RESULT, RESULT_AMBIGUOUS, UNREAD, suggestion
from graflow_mypy.program.ancestry import is_of_the_standard_library
from graflow_mypy.program.forms import ANY_FORM, Form, is_certain
from graflow_mypy.program.functions import function_of
from graflow_mypy.program.patterns import ANYTHING, Pattern, Patterns, joined, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.program.resolved import (
    External,
    Given,
    OfGraflow,
    ProgramClass,
    ProgramFunction,
)
from graflow_mypy.program.services import Services
from graflow_mypy.program.type_terms import form_of
from graflow_mypy.source.notes import CallSite, FileNotes, InstanceNote, TaskNote
from graflow_mypy.source.terms import ANY, Call, Constant, Name, Term, Text

__all__ = ["Tasks"]

_NONE = Constant("None", "NoneType")
_RESULT = ".__result__"


class Tasks:
    """The tasks of a program by their ids."""

    def __init__(self, program: Program, services: Services) -> None:
        """Find the tasks."""
        self._program = program
        self._services = services
        self._by_id: dict[str, set[ProgramFunction | None]] = {}
        self._patterns: set[Pattern] = set()
        self._gapped: list[tuple[Patterns, ProgramFunction | None]] = []
        self._of_any_id: set[ProgramFunction | None] = set()
        for module, notes in program.files.items():
            self._find(module, notes)

    def _find(self, module: str, notes: FileNotes) -> None:
        for name, function in notes.functions.items():
            for decorator in function.decorators:
                self._decorated(ProgramFunction(module, name), decorator)
        for task in notes.tasks:
            if self._program.is_task(task.maker):
                self._add(self._ids(task), function_of(task.function, self._program))
        for instance in notes.instances:
            self._instance(instance)

    def _decorated(self, definition: ProgramFunction, decorator: Term) -> None:
        call = decorator if isinstance(decorator, Call) else Call(decorator, ())
        if not self._program.is_task(call.function):
            return
        task_id = call.argument(0, "task_id") or call.argument(0, "id")
        if task_id is None or task_id == _NONE:
            task_id = Text(definition.name.rpartition(".")[2])
        self._add(self._program.texts(task_id), definition)

    def _ids(self, task: TaskNote) -> frozenset[Pattern]:
        """Return the ids of a task that is made of a function, whose name is the id by default."""
        if task.task_id != _NONE or not isinstance(task.function, Name):
            return self._program.texts(task.task_id if task.task_id != _NONE else ANY)
        match self._program.resolve(task.function.dotted):
            case Given():
                return frozenset({ANYTHING})  # it was made by something
            case External() as found if not is_of_the_standard_library(found):
                return frozenset({ANYTHING})  # it may be called differently where it is defined
            case _:
                return frozenset({(Name(self._program.home(task.function.dotted)).last,)})

    def _instance(self, note: InstanceNote) -> None:
        function = note.function
        definition: ProgramFunction | None = None
        match self._program.resolve(function.dotted) if isinstance(function, Name) else None:
            case ProgramClass() | OfGraflow():
                return
            case External():
                self._partial(note)
                return
            case ProgramFunction() as found:
                if not self._is_task(found):
                    return
                definition = found
            case Given(term):
                definition = self._defined_by(term)
            case _ if note.task_id == ANY:
                return  # a call with ** of something that may be no task
        self._add(self._program.texts(note.task_id), definition)

    def _partial(self, note: InstanceNote) -> None:
        """Add what `functools.partial`, or another package, may make of a task and an id."""
        if note.given != ANY:
            self._instance(InstanceNote(note.given, note.task_id, ANY))
        is_known = note.given != ANY and self._program.tail(note.function) == "partial"
        if note.task_id != ANY and not is_known:
            self._add(self._program.texts(note.task_id), None)

    def _is_task(self, definition: ProgramFunction) -> bool:
        return any(
            self._program.is_task(each.function if isinstance(each, Call) else each)
            for each in self._program.function_note(definition).decorators
        )

    def _defined_by(self, term: Term) -> ProgramFunction | None:
        """Return the function of a task that a term makes: `task("id")(function)`."""
        if isinstance(term, Call) and term.arguments:
            called = term.function
            if self._program.is_task(called.function if isinstance(called, Call) else called):
                return function_of(term.arguments[0], self._program)
        return None

    def _add(self, ids: frozenset[Pattern], definition: ProgramFunction | None) -> None:
        if definition is not None and definition.module in self._program.others:
            definition = None  # mypy may not have looked at it
        for pattern in ids:
            text = text_of(pattern)
            self._patterns.add(pattern)
            if pattern == ANYTHING:
                self._of_any_id.add(definition)
            elif text is None:
                self._gapped.append((Patterns([pattern]), definition))
            else:
                self._by_id.setdefault(text, set()).add(definition)

    # Questions

    def definitions(self, task_id: str, module: str, function: str) -> set[ProgramFunction | None]:
        """Return the functions of the tasks that may have an id; `None` for one not found.

        Tasks of the function that asks, as those of a test, go before all others.

        Args:
            task_id: The id.
            module: Where the result is asked for.
            function: The function there that does it.
        """
        found = self._together(self._by_id.get(task_id, set()), module)
        inside = f"{function.partition('.')[0]}."
        local: set[ProgramFunction | None] = {
            each
            for each in found
            if each and each.module == module and each.name.startswith(inside)
        }
        if local:
            return local
        gapped: set[ProgramFunction | None] = {
            definition for patterns, definition in self._gapped if patterns.match(task_id)
        }
        if found:  # an id that is written down wins over those that are unknown
            return found | ({None} if gapped - found else set())
        gapped |= self._of_any_id
        base, _, number = task_id.rpartition("_")
        numbered = self._by_id.get(base, set()) if number.isdigit() else set()
        return gapped if len(gapped) < 2 and not numbered else numbered or {None}

    def _together(
        self, found: set[ProgramFunction | None], module: str
    ) -> set[ProgramFunction | None]:
        """Return those that may run together with a module, or unknown ones if none may."""
        together = {
            each
            for each in found
            if each is None or self._services.may_run_together(each.module, module)
        }
        return together or ({None} if found else set())

    def written(self) -> Iterator[Pattern]:
        """Yield the keys that results are stored under."""
        for pattern in self._patterns:
            yield joined(pattern, (_RESULT,))

    def judge(
        self,
        written: Patterns,
        asked: str,
        definitions: set[ProgramFunction | None],
        site: CallSite,
        module: str,
        unless: str,
    ) -> Iterator[Diagnostic]:
        """Yield what is wrong with asking for the result of an id; see `judge_keys`."""
        yield from self.missing(written, asked, definitions, site, module, unless)
        if self.is_ambiguous(definitions):
            message = f'Several tasks have the id "{asked}" and return different types'
            yield Diagnostic(module, site, RESULT_AMBIGUOUS, message)

    def missing(
        self,
        written: Patterns,
        asked: str,
        definitions: set[ProgramFunction | None],
        site: CallSite,
        module: str,
        unless: str,
    ) -> Iterator[Diagnostic]:
        """Yield that no task has an id, if that is so; see `judge_keys`."""
        if not definitions and not written.match(asked + _RESULT):
            message = f'No task has the id "{asked}"{unless}{suggestion(asked, self._by_id)}'
            yield Diagnostic(module, site, UNREAD if unless else RESULT, message)

    def is_ambiguous(self, definitions: set[ProgramFunction | None]) -> bool:
        """Tell whether tasks certainly return different types."""
        forms = {self.form(each) for each in definitions if each is not None}
        return len({form for form in forms if is_certain(form)}) > 1

    def form(self, definition: ProgramFunction) -> Form:
        """Return the form of what a function returns, when it was awaited if it is async."""
        note = self._program.function_note(definition)
        return ANY_FORM if note.kind == "generic" else form_of(note.returns, self._program)

    def is_nested(self, definition: ProgramFunction) -> bool:
        """Tell whether a function is defined inside another one."""
        return self._program.function_note(definition).is_nested
