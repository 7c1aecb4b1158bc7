"""The tasks of a program, and what is wrong with the questions for their results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graflow_mypy.check.keys import Finding
from graflow_mypy.messages import RESULT, RESULT_AMBIGUOUS, UNREAD, suggestion
from graflow_mypy.program.forms import ANY_FORM, Form, form_of, is_certain
from graflow_mypy.program.patterns import ANYTHING, Pattern, Patterns, joined, text_of
from graflow_mypy.program.program import Program
from graflow_mypy.source.terms import ANY, Term

__all__ = ["Definition", "Tasks"]

_RESULT = ".__result__"


@dataclass(frozen=True, order=True)
class Definition:
    """The function of a task.

    Attributes:
        module: Where it is defined.
        name: Its dotted name in the module.
    """

    module: str
    name: str


class Tasks:
    """The tasks of a program by their ids."""

    def __init__(self, program: Program) -> None:
        """Find the tasks."""
        self._program = program
        self._by_id: dict[str, set[Definition | None]] = {}
        self._patterns: set[Pattern] = set()
        self._gapped: list[tuple[Patterns, Definition | None]] = []
        self._of_any_id: set[Definition | None] = set()
        for module, record in program.records.items():
            self._find(module, record)

    def _find(self, module: str, record: dict[str, Any]) -> None:
        for name, (_, _, decorators, _) in record.get("functions", {}).items():
            for decorator in decorators:
                self._decorated(Definition(module, name), decorator)
        for maker, function, task_id, _ in record.get("tasks", ()):
            if self._program.is_task(maker):
                self._add(self._program.texts(task_id), self._defined(function))
        for function, task_id in record.get("instances", ()):
            self._instance(function, task_id)

    def _decorated(self, definition: Definition, decorator: Term) -> None:
        called = decorator[1] if decorator[0] == "f" else decorator
        if not self._program.is_task(called):
            return
        task_id: Term = ["s", definition.name.rpartition(".")[2]]
        if decorator[0] == "f":
            named = decorator[3]
            given = decorator[2][0] if decorator[2] else named.get("task_id", named.get("id"))
            task_id = task_id if given is None or given[-1] == "NoneType" else given
        self._add(self._program.texts(task_id), definition)

    def _instance(self, function: Term, task_id: Term) -> None:
        found = self._program.resolve(function[1]) if function[0] == "r" else ("unknown",)
        if found[0] in {"class", "graflow", "external"}:
            return
        definition = None
        if found[0] == "function":
            if not self._is_task(Definition(found[1], found[2])):
                return
            definition = Definition(found[1], found[2])
        elif found[0] == "term":
            definition = self._defined_by(found[1])
        elif task_id == ANY:
            return  # a call with ** of something that may be no task
        self._add(self._program.texts(task_id), definition)

    def _is_task(self, definition: Definition) -> bool:
        decorators = self._program.record(definition.module)["functions"][definition.name][2]
        return any(
            self._program.is_task(each[1] if each[0] == "f" else each) for each in decorators
        )

    def _defined(self, function: Term) -> Definition | None:
        """Return the function that `task("id")(...)` was given, a method included."""
        if function[0] == "r":
            found = self._program.resolve(function[1])
            if found[0] == "function":
                return Definition(found[1], found[2])
            if found[0] == "unknown":
                owner, _, method = str(found[1]).rpartition(".")
                return self._method(["r", owner], method) if owner else None
        if function[0] == "a":
            return self._method(function[1], function[2])
        return None

    def _defined_by(self, term: Term) -> Definition | None:
        """Return the function of a task that a term makes: `task("id")(function)`."""
        if term[0] == "f" and term[2]:
            maker = term[1][1] if term[1][0] == "f" else term[1]
            if self._program.is_task(maker):
                return self._defined(term[2][0])
        return None

    def _method(self, owner: Term, method: str) -> Definition | None:
        while owner[0] in {"t", "f"}:
            owner = owner[1]
        if owner[0] != "r":
            return None
        found = self._program.resolve(owner[1])
        if found[0] == "term":
            return self._method(found[1], method)
        if found[0] != "class":
            return None
        name = f"{found[2]}.{method}"
        functions = self._program.record(found[1]).get("functions", {})
        if name in functions:
            return Definition(found[1], name)
        record = self._program.class_of(found)
        bases = record["bases"] if record else []
        inherited = (self._method(base, method) for base in bases)
        return next((each for each in inherited if each is not None), None)

    def _add(self, ids: frozenset[Pattern], definition: Definition | None) -> None:
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

    def definitions(self, task_id: str, module: str, function: str) -> set[Definition | None]:
        """Return the functions of the tasks that may have an id; `None` for one not found.

        Tasks of the function that asks, as those of a test, go before all others.

        Args:
            task_id: The id.
            module: Where the result is asked for.
            function: The function there that does it.
        """
        found = set(self._by_id.get(task_id, ()))
        inside = f"{function.partition('.')[0]}."
        local: set[Definition | None] = {
            each
            for each in found
            if each and each.module == module and each.name.startswith(inside)
        }
        if local:
            return local
        gapped = {definition for patterns, definition in self._gapped if patterns.match(task_id)}
        if found:  # an id that is written down goes before those of which nothing is known
            return found | ({None} if gapped - found else set())
        gapped |= self._of_any_id
        base, _, number = task_id.rpartition("_")
        numbered = self._by_id.get(base, set()) if number.isdigit() else set()
        return gapped if len(gapped) < 2 and not numbered else numbered or {None}

    def written(self) -> Iterator[Pattern]:
        """Yield the keys that results are stored under."""
        for pattern in self._patterns:
            yield joined(pattern, (_RESULT,))

    def judge(
        self,
        written: Patterns,
        asked: str,
        definitions: set[Definition | None],
        place: list[int],
        module: str,
        unless: str,
    ) -> Iterator[Finding]:
        """Yield what is wrong with asking for the result of an id; see `judge_keys`."""
        if not definitions and not written.match(asked + _RESULT):
            message = f'No task has the id "{asked}"{unless}{suggestion(asked, self._by_id)}'
            yield module, place, UNREAD if unless else RESULT, message
        elif self.is_ambiguous(definitions):
            message = f'Several tasks have the id "{asked}" and return different types'
            yield module, place, RESULT_AMBIGUOUS, message

    def is_ambiguous(self, definitions: set[Definition | None]) -> bool:
        """Tell whether tasks certainly return different types."""
        forms = {self.form(each) for each in definitions if each is not None}
        return len({form for form in forms if is_certain(form)}) > 1

    def form(self, definition: Definition) -> Form:
        """Return the form of what a function returns, when it was awaited if it is async."""
        record = self._program.record(definition.module)["functions"][definition.name]
        return ANY_FORM if record[1] == "generic" else form_of(record[0], self._program)

    def is_nested(self, definition: Definition) -> bool:
        """Tell whether a function is defined inside another one."""
        record = self._program.record(definition.module)["functions"][definition.name]
        return bool(record[3])
