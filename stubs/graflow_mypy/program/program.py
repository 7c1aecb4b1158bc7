"""The program: names followed through imports, and terms resolved to texts and types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graflow_mypy.program.items import items_of
from graflow_mypy.program.patterns import ANYTHING, Pattern, joined, text_of
from graflow_mypy.program.resolved import (
    External,
    Given,
    OfGraflow,
    ProgramClass,
    ProgramFunction,
    Resolved,
    Unresolved,
)
from graflow_mypy.program.types.families import constants_of, families
from graflow_mypy.source.notes import ClassNote, FileNotes, FunctionNote
from graflow_mypy.source.terms import (
    ANY,
    Attribute,
    Call,
    Constant,
    Declared,
    Item,
    Joined,
    Name,
    OneOf,
    Subscript,
    Term,
    Text,
)

__all__ = ["Program"]

_DEEPEST = 30
_MOST_TEXTS = 64

_OF_GRAFLOW = frozenset(
    {
        "AsyncChannel",
        "AsyncKeyedChannel",
        "AsyncKeysChannel",
        "AsyncTransaction",
        "AsyncTypedChannel",
        "Channel",
        "ChannelFactory",
        "ExecutionContext",
        "Key",
        "KeyPattern",
        "KeyedChannel",
        "Keys",
        "KeysChannel",
        "MemoryChannel",
        "RedisChannel",
        "SQLiteChannel",
        "Task",
        "TaskExecutionContext",
        "Transaction",
        "TypedChannel",
        "Workflow",
        "chain",
        "parallel",
        "task",
        "workflow",
    }
)


class Program:
    """The notes on all files, put together.

    Attributes:
        files: The notes by the names of modules.
        others: The modules of other packages: what they do is known, but not judged.
    """

    def __init__(
        self,
        files: Mapping[str, FileNotes],
        load: Callable[[str], FileNotes],
        others: frozenset[str] = frozenset(),
    ) -> None:
        """Take the notes; a later change to them is not seen.

        Args:
            files: The notes by the names of modules; some may be of quiet files.
            load: Returns all notes on a module that is quiet, with what it defines.
            others: The modules of other packages.
        """
        self.files = files
        self.others = others
        self._load = load
        self._tops = {_top(name) for name in files}
        self._resolved: dict[str, Resolved] = {}
        self._texts: dict[str, frozenset[Pattern]] = {}
        self._families: Mapping[ProgramClass, Sequence[ProgramClass]] | None = None
        self._changed = frozenset[str]()
        # Constants that files assign to, and mappings that they fill, by the names of their homes.
        self._changed, self._filled = (
            frozenset(map(self.home, {each for names in noted for each in names}))
            for noted in (
                [notes.changed for notes in files.values()],
                [notes.filled for notes in files.values()],
            )
        )

    def home(self, dotted: str, depth: int = 0) -> str:
        """Return the name that something has where it is defined, through imports."""
        module, name = self._split(dotted)
        if module is None or not name or depth > _DEEPEST:
            return dotted
        first, _, rest = name.partition(".")
        term = self.notes(module).names.get(first)
        if not isinstance(term, Name):
            return dotted
        return self.home(f"{term.dotted}.{rest}" if rest else term.dotted, depth + 1)

    def is_filled(self, dotted: str) -> bool:
        """Tell whether a dictionary gets more items than its display has."""
        return self.home(dotted) in self._filled

    def notes(self, module: str) -> FileNotes:
        """Return the notes on a module, with what it defines."""
        notes = self.files[module]
        return self._load(module) if notes.is_quiet else notes

    def resolve(self, dotted: str) -> Resolved:
        """Return what a full name stands for."""
        found = self._resolved.get(dotted)
        if found is None:
            self._resolved[dotted] = Unresolved(dotted)  # while it is looked for: it is a circle
            found = self._resolved[dotted] = self._find(dotted)
        return found

    def _find(self, dotted: str) -> Resolved:
        top = _top(dotted)
        last = dotted.rpartition(".")[2]
        if top == "graflow" and last in _OF_GRAFLOW:
            return OfGraflow(last)
        if top not in self._tops:
            return External(dotted)
        module, name = self._split(dotted)
        if module is None:
            return Unresolved(dotted)
        return self._member(module, name, dotted) if name else Unresolved(dotted)

    def _split(self, dotted: str) -> tuple[str | None, str]:
        """Split a full name into the longest name of a module, and the rest."""
        parts = dotted.split(".")
        for count in range(len(parts), 0, -1):
            module = ".".join(parts[:count])
            if module in self.files:
                return module, ".".join(parts[count:])
        return None, dotted

    def _member(self, module: str, name: str, dotted: str) -> Resolved:
        if f"{module}.{name}" in self._changed:
            return Given(ANY)
        notes = self.notes(module)
        if name in notes.names:
            return self._followed(notes.names[name])
        if name in notes.classes:
            return ProgramClass(module, name)
        if name in notes.functions:
            return ProgramFunction(module, name)
        first, _, rest = name.partition(".")
        if rest:
            return self._attribute(module, first, rest, dotted)
        found = [self.resolve(f"{star}.{name}") for star in notes.stars]
        known = [each for each in found if not isinstance(each, Unresolved | External)]
        if known:
            return known[-1]  # the later import goes over the earlier
        return found[0] if len(found) == 1 else Unresolved(dotted)

    def _attribute(self, module: str, first: str, rest: str, dotted: str) -> Resolved:
        """Find an attribute of what a module has: of a module, or of a class and its bases."""
        notes = self.notes(module)
        term = notes.names.get(first)
        if isinstance(term, Name):
            return self.resolve(f"{term.dotted}.{rest}")
        owner = notes.classes.get(first)
        for base in owner.bases if owner is not None else ():
            if isinstance(base, Name):
                found = self.resolve(f"{base.dotted}.{rest}")
                if isinstance(found, Given | ProgramFunction):
                    return found
        if term is not None and rest == "value":
            return Given(ANY)
        before, _, last = rest.rpartition(".")
        if before and last == "value":
            inner = self._member(module, f"{first}.{before}", dotted)
            if isinstance(inner, Given):
                return inner
        return Unresolved(dotted)

    def _followed(self, term: Term) -> Resolved:
        return self.resolve(term.dotted) if isinstance(term, Name) else Given(term)

    def unread_home(self, dotted: str) -> str | None:
        """Return the path of the file that something is defined in, if it can't be read."""
        module = self._split(self.home(dotted))[0]
        unread = self.notes(module).unread if module is not None else None
        return None if unread is None else unread.path

    def class_note(self, found: ProgramClass) -> ClassNote:
        """Return what is known of a class."""
        return self.notes(found.module).classes[found.name]

    def function_note(self, found: ProgramFunction) -> FunctionNote:
        """Return what is known of a function."""
        return self.notes(found.module).functions[found.name]

    def is_changed(self, dotted: str) -> bool:
        """Tell whether something is assigned again, in another file or from a function."""
        return dotted in self._changed

    def family(self, dotted: str) -> Sequence[ProgramClass]:
        """Return a class, and all that are derived from it; nothing, where that is not known."""
        if self._families is None:
            self._families = families(self)
        found = self.resolve(dotted)
        return self._families.get(found, ()) if isinstance(found, ProgramClass) else ()

    # Texts

    def texts(self, term: Term, depth: int = 0) -> frozenset[Pattern]:
        """Return the patterns of the texts that a term may stand for."""
        if depth > _DEEPEST:
            return frozenset({ANYTHING})
        match term:
            case Text(text):
                return frozenset({(text,) if text else ()})
            case Name(dotted):
                return self._texts_of_name(dotted, depth)
            case OneOf(choices):
                found = self._texts_of_any(choices, depth)
                return found if len(found) <= _MOST_TEXTS else frozenset({ANYTHING})
            case Joined(parts):
                return self._joined(parts, depth)
            case (Item() as item) | Attribute(Item() as item, "value"):  # of an enum
                return self._texts_of_any(items_of(item, self), depth)
            case Attribute(Declared(Name(dotted), value), name) if value == ANY:
                return self._texts_of_any(constants_of(dotted, name, self), depth)
            case Declared():
                return self._texts_declared(term, depth)
            case Constant(text, "int" | "bool" | "float" | "NoneType") if text:
                return frozenset({(text,)})
            case _:
                return frozenset({ANYTHING})

    def _texts_of_any(self, terms: Sequence[Term], depth: int) -> frozenset[Pattern]:
        return frozenset[Pattern]().union(*(self.texts(each, depth + 1) for each in terms))

    def _texts_of_name(self, dotted: str, depth: int) -> frozenset[Pattern]:
        found = self._texts.get(dotted)
        if found is None:
            self._texts[dotted] = frozenset({ANYTHING})
            resolved = self.resolve(dotted)
            if not isinstance(resolved, Given) and dotted.endswith(".value"):
                resolved = self.resolve(dotted.removesuffix(".value"))
            if isinstance(resolved, Given):
                found = self.texts(resolved.term, depth + 1)
            else:
                found = frozenset({ANYTHING})
            self._texts[dotted] = found
        return found

    def _joined(self, terms: Sequence[Term], depth: int) -> frozenset[Pattern]:
        whole: set[Pattern] = {()}
        for term in terms:
            parts = self.texts(term, depth + 1)
            whole = {joined(left, right) for left in whole for right in parts}
            if len(whole) > _MOST_TEXTS:
                return frozenset({ANYTHING})
        return frozenset(whole)

    def _texts_declared(self, term: Declared, depth: int) -> frozenset[Pattern]:
        found = self.texts(term.value, depth + 1)
        if all(text_of(pattern) is not None for pattern in found):
            return found
        annotation = term.annotation
        if isinstance(annotation, Name):
            resolved = self.resolve(annotation.dotted)
            annotation = resolved.term if isinstance(resolved, Given) else annotation
        if isinstance(annotation, Subscript) and self.tail(annotation.base) == "Literal":
            return self._texts_of_any(annotation.arguments, depth)
        return found

    # Questions

    def tail(self, term: Term) -> str:
        """Return the last part of the name that a term stands for, through imports."""
        found = self.resolve(term.dotted) if isinstance(term, Name) else Given(term)
        return "" if isinstance(found, Given) else found.name.rpartition(".")[2]

    def is_task(self, term: Term) -> bool:
        """Tell whether a term is the decorator `task`, or a name for `task(...)`."""
        if not isinstance(term, Name):
            return False
        found = self.resolve(term.dotted)
        if isinstance(found, Given) and isinstance(found.term, Call):
            are_texts = all(isinstance(each, Text) for each in found.term.arguments)
            return are_texts and self.is_task(found.term.function)
        return found == OfGraflow("task")


def _top(dotted: str) -> str:
    return dotted.partition(".")[0].partition("#")[0]
