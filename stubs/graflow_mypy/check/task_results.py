"""The tasks of a program, and the mistakes in asking for their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graflow_mypy.check.diagnostics import IDS, Diagnostic, Unjudged
from graflow_mypy.check.key_uses import RESULT_END, Writers
from graflow_mypy.messages import RESULT, RESULT_AMBIGUOUS, UNREAD, suggestion
from graflow_mypy.program.blind_spots import BlindSpot
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
from graflow_mypy.program.types.ancestry import is_of_the_standard_library
from graflow_mypy.program.types.forms import ANY_FORM, Form, is_certain, show
from graflow_mypy.program.types.type_terms import form_of
from graflow_mypy.program.types.type_texts import type_text
from graflow_mypy.source.notes import CallSite, FileNotes, InstanceNote, TaskNote
from graflow_mypy.source.terms import ANY, Call, Constant, Name, Term, Text

__all__ = ["Tasks"]

_NONE = Constant("None", "NoneType")
_MOST_LISTED = 5


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
        self._spots: list[BlindSpot] = []
        self._perhaps: set[str] = set()  # made by decorators of other packages
        for module, notes in program.files.items():
            self._find(module, notes)

    def _find(self, module: str, notes: FileNotes) -> None:
        for name, function in notes.functions.items():
            for decorator in function.decorators:
                self._decorated(ProgramFunction(module, name), decorator, function.line)
        for task in notes.tasks:
            if self._program.is_task(task.maker):
                definition = function_of(task.function, self._program)
                self._add(self._ids(task), definition, module, task.line)
            elif isinstance(task.task_id, Text) and self._may_make_tasks(task.maker):
                self._perhaps.add(task.task_id.text)
        for instance in notes.instances:
            self._instance(module, instance)

    def _may_make_tasks(self, maker: Term) -> bool:
        """Tell whether a decorator is of a package that isn't known, and perhaps not even there."""
        found = self._program.resolve(maker.dotted) if isinstance(maker, Name) else None
        return isinstance(found, External) and not is_of_the_standard_library(found)

    def _decorated(self, definition: ProgramFunction, decorator: Term, line: int) -> None:
        call = decorator if isinstance(decorator, Call) else Call(decorator, ())
        if not self._program.is_task(call.function):
            return
        task_id = call.argument(0, "task_id") or call.argument(0, "id")
        if task_id is None or task_id == _NONE:
            task_id = Text(definition.name.rpartition(".")[2])
        self._add(self._program.texts(task_id), definition, definition.module, line)

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

    def _instance(self, module: str, note: InstanceNote) -> None:
        function = note.function
        definition: ProgramFunction | None = None
        match self._program.resolve(function.dotted) if isinstance(function, Name) else None:
            case ProgramClass() | OfGraflow():
                return
            case External():
                self._partial(module, note)
                return
            case ProgramFunction() as found:
                if not self._is_task(found):
                    return
                definition = found
            case Given(Call() as made) if self._makes_task(made):
                definition = function_of(made.arguments[0], self._program)
            case _ if note.task_id == ANY:
                return  # a call with ** of something that may be no task
        self._add(self._program.texts(note.task_id), definition, module, note.line)

    def _partial(self, module: str, note: InstanceNote) -> None:
        """Add what `functools.partial`, or another package, may make of a task and an id."""
        if note.given != ANY:
            self._instance(module, InstanceNote(note.given, note.task_id, ANY, note.line))
        is_known = note.given != ANY and self._program.tail(note.function) == "partial"
        if note.task_id != ANY and not is_known:
            self._add(self._program.texts(note.task_id), None, module, note.line)

    def _is_task(self, definition: ProgramFunction) -> bool:
        return any(
            self._program.is_task(each.function if isinstance(each, Call) else each)
            for each in self._program.function_note(definition).decorators
        )

    def _makes_task(self, call: Call) -> bool:
        """Tell whether a call makes a task of a function: `task("id")(function)`."""
        called = call.function
        made_by = called.function if isinstance(called, Call) else called
        return bool(call.arguments) and self._program.is_task(made_by)

    def _add(
        self,
        ids: frozenset[Pattern],
        definition: ProgramFunction | None,
        module: str,
        line: int,
    ) -> None:
        if definition is not None and definition.module in self._program.others:
            definition = None  # mypy may not have looked at it
        for pattern in ids:
            text = text_of(pattern)
            if pattern == ANYTHING:
                self._of_any_id.add(definition)
                self._spots.append(BlindSpot(module, line, "computes the id of a task"))
                continue
            self._patterns.add(pattern)
            if text is None:
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
        numbered = self._by_id.get(_stem(task_id), set())
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
        """Yield the keys that results are stored under, as far as ids are known."""
        for pattern in self._patterns:
            yield joined(pattern, (RESULT_END,))

    def judge(
        self,
        writers: Writers,
        asked: str,
        definitions: set[ProgramFunction | None],
        site: CallSite,
        module: str,
        unjudged: Unjudged,
    ) -> Iterator[Diagnostic]:
        """Yield what is wrong with asking for the result of an id; see `KeyJudge`."""
        missing = self.missing(writers, asked, site, module)
        if missing is not None:
            spots = self.spots(writers)
            if spots:
                unjudged.add(IDS, asked, missing, spots)
            else:
                yield missing
        elif self.is_ambiguous(definitions):
            start = f'Several tasks have the id "{asked}" and return different types: '
            message = start + self._listed(definitions)
            yield Diagnostic(module, site, RESULT_AMBIGUOUS, message)

    def missing(
        self, writers: Writers, asked: str, site: CallSite, module: str
    ) -> Diagnostic | None:
        """Return that no task has an id, if none is known that has it."""
        if self._is_known(asked) or writers.keys.match(asked + RESULT_END):
            return None
        end = writers.unless + suggestion(asked, self._by_id)
        code = UNREAD if writers.unless else RESULT
        return Diagnostic(module, site, code, f'No task has the id "{asked}"{end}')

    def spots(self, writers: Writers) -> Sequence[BlindSpot]:
        """Return the lines that may make a task of any id, or write any result."""
        # Only what writes anything under any key, as a restored copy, may write results.
        return [*self._spots, *(each for each in writers.spots if each.form == ANY_FORM)]

    def may_write(self, key: str) -> bool:
        """Tell whether a task may have written the key of a result."""
        task_id = key.removesuffix(RESULT_END)
        return "*" in task_id or bool(self._spots) or self._is_known(task_id)

    def _is_known(self, task_id: str) -> bool:
        """Tell whether a task has an id, one of its numbered instances included."""
        if task_id in self._perhaps or task_id in self._by_id or _stem(task_id) in self._by_id:
            return True
        return any(patterns.match(task_id) for patterns, _ in self._gapped)

    def is_ambiguous(self, definitions: set[ProgramFunction | None]) -> bool:
        """Tell whether tasks certainly return different types."""
        forms = {self.form(each) for each in definitions if each is not None}
        return len({form for form in forms if is_certain(form)}) > 1

    def _listed(self, definitions: set[ProgramFunction | None]) -> str:
        """Return the tasks with what they return, as messages list them."""
        texts = []
        for each in sorted(each for each in definitions if each is not None):
            returns = type_text(self._program.function_note(each).returns)
            name = f"{each.module.partition('#')[0]}.{each.name}"
            texts.append(f"{name}: {returns or show(self.form(each))}")
        more = len(texts) - _MOST_LISTED
        return ", ".join(texts[:_MOST_LISTED]) + (f", and {more} more" if more > 0 else "")

    def form(self, definition: ProgramFunction) -> Form:
        """Return the form of what a function returns, when it was awaited if it is async."""
        note = self._program.function_note(definition)
        return ANY_FORM if note.kind == "generic" else form_of(note.returns, self._program)

    def is_nested(self, definition: ProgramFunction) -> bool:
        """Tell whether a function is defined inside another one."""
        return self._program.function_note(definition).is_nested


def _stem(task_id: str) -> str:
    """Return the id of the task that is called, if a further call of it may get `task_id`.

    The first call gets the id of the task itself, and those after it are numbered from 2.
    """
    stem, _, number = task_id.rpartition("_")
    is_number = number.isascii() and number.isdigit() and number[0] != "0" and number != "1"
    return stem if is_number else ""
