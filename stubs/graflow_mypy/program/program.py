"""The program: names followed through imports, and terms resolved to texts and types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graflow_mypy.program.patterns import ANYTHING, Pattern, joined, text_of
from graflow_mypy.source.notes import Record
from graflow_mypy.source.terms import ANY, Term

__all__ = ["Program"]

_DEEPEST = 30
_MOST_TEXTS = 64

_OF_GRAFLOW = frozenset(
    {
        "Channel",
        "ChannelFactory",
        "ExecutionContext",
        "KeyedChannel",
        "MemoryChannel",
        "RedisChannel",
        "Task",
        "TaskExecutionContext",
        "TypedChannel",
        "Workflow",
        "task",
        "workflow",
    }
)


class Program:
    """The indexes of all files by the names of their modules.

    What a name stands for is found by `resolve`:

    - `("graflow", name)`: something of the library
    - `("class", module, name)`, `("function", module, name)`: what the program defines
    - `("term", term)`: what a name was given
    - `("external", dotted)`: something of another package
    - `("unknown", dotted)`: nothing that the program says
    """

    def __init__(self, records: Mapping[str, Record], load: Callable[[str], Record]) -> None:
        """Take the indexes; a later change to them is not seen.

        Args:
            records: The indexes by the names of modules; some may be `quiet`.
            load: Returns the full index of a module whose index is quiet.
        """
        self.records = records
        self._load = load
        self._tops = {_top(name) for name in records}
        self._resolved: dict[str, tuple[Any, ...]] = {}
        self._texts: dict[str, frozenset[Pattern]] = {}
        self._changed = frozenset[str]()
        self._changed, self._filled = self._homes("changed"), self._homes("filled")

    def _homes(self, kind: str) -> frozenset[str]:
        """Return what files say is changed, each by the name that it has where it is defined."""
        noted = {each for record in self.records.values() for each in record.get(kind, ())}
        return frozenset(map(self.home, noted))

    def home(self, dotted: str, depth: int = 0) -> str:
        """Return the name that something has where it is defined, through imports."""
        module, name = self._split(dotted)
        if module is None or not name or depth > _DEEPEST:
            return dotted
        first, _, rest = name.partition(".")
        term = self.record(module).get("names", {}).get(first)
        if term is None or term[0] != "r":
            return dotted
        return self.home(f"{term[1]}.{rest}" if rest else term[1], depth + 1)

    def is_filled(self, dotted: str) -> bool:
        """Tell whether a dictionary gets more items than its display has."""
        return self.home(dotted) in self._filled

    def record(self, module: str) -> Record:
        """Return the index of a module, with what it defines."""
        record = self.records[module]
        return self._load(module) if record.get("quiet") else record

    def resolve(self, dotted: str) -> tuple[Any, ...]:
        """Return what a full name stands for."""
        found = self._resolved.get(dotted)
        if found is None:
            self._resolved[dotted] = ("unknown", dotted)  # while it is looked for: it is a circle
            found = self._resolved[dotted] = self._find(dotted)
        return found

    def _find(self, dotted: str) -> tuple[Any, ...]:
        top = _top(dotted)
        last = dotted.rpartition(".")[2]
        if top == "graflow" and last in _OF_GRAFLOW:
            return ("graflow", last)
        if top not in self._tops:
            return ("external", dotted)
        module, name = self._split(dotted)
        if module is None:
            return ("unknown", dotted)
        return self._member(module, name, dotted) if name else ("unknown", dotted)

    def _split(self, dotted: str) -> tuple[str | None, str]:
        """Split a full name into the longest name of a module, and the rest."""
        parts = dotted.split(".")
        for count in range(len(parts), 0, -1):
            module = ".".join(parts[:count])
            if module in self.records:
                return module, ".".join(parts[count:])
        return None, dotted

    def _member(self, module: str, name: str, dotted: str) -> tuple[Any, ...]:
        if f"{module}.{name}" in self._changed:
            return ("term", ANY)
        record = self.record(module)
        names: Mapping[str, Term] = record.get("names", {})
        if name in names:
            return self._followed(names[name])
        if name in record.get("classes", {}):
            return ("class", module, name)
        if name in record.get("functions", {}):
            return ("function", module, name)
        first, _, rest = name.partition(".")
        if rest:
            return self._attribute(module, first, rest, dotted)
        found = [self.resolve(f"{star[1]}.{name}") for star in names.get("*", [])[1:]]
        known = [each for each in found if each[0] not in {"unknown", "external"}]
        if known:
            return known[-1]  # the later import goes over the earlier
        return found[0] if len(found) == 1 else ("unknown", dotted)

    def _attribute(self, module: str, first: str, rest: str, dotted: str) -> tuple[Any, ...]:
        """Find an attribute of what a module has: of a module, or of a class and its bases."""
        record = self.record(module)
        term = record.get("names", {}).get(first)
        if term is not None and term[0] == "r":
            return self.resolve(f"{term[1]}.{rest}")
        owner = record.get("classes", {}).get(first)
        if owner is not None:
            for base in owner["bases"]:
                if base[0] == "r":
                    found = self.resolve(f"{base[1]}.{rest}")
                    if found[0] in {"term", "function"}:
                        return found
        if term is not None and rest == "value":
            return ("term", ANY)
        if "." in rest:
            inner = self._member(module, f"{first}.{rest.rpartition('.')[0]}", dotted)
            if inner[0] == "term" and rest.endswith(".value"):
                return inner
        elif rest == "value":
            return ("unknown", dotted)
        return ("unknown", dotted)

    def _followed(self, term: Term) -> tuple[Any, ...]:
        return self.resolve(term[1]) if term[0] == "r" else ("term", term)

    def unread_home(self, term: Term) -> str | None:
        """Return the path of the file that something is defined in, if it can't be read."""
        module = self._split(self.home(term[1]))[0] if term[0] == "r" else None
        about = self.record(module).get("unread") if module is not None else None
        return None if about is None else str(about[2])

    def class_of(self, found: tuple[Any, ...]) -> dict[str, Any] | None:
        """Return the record of a class that `resolve` found."""
        if found[0] != "class":
            return None
        record: dict[str, Any] = self.record(found[1])["classes"][found[2]]
        return record

    # Texts

    def texts(self, term: Term, depth: int = 0) -> frozenset[Pattern]:
        """Return the patterns of the texts that a term may stand for."""
        if depth > _DEEPEST:
            return frozenset({ANYTHING})
        kind = term[0]
        if kind == "s":
            return frozenset({(term[1],) if term[1] else ()})
        if kind == "r":
            return self._texts_of_name(term[1], depth)
        if kind == "o":
            found = frozenset[Pattern]().union(*(self.texts(each, depth + 1) for each in term[1:]))
            return found if len(found) <= _MOST_TEXTS else frozenset({ANYTHING})
        if kind == "+":
            return self._joined(term[1:], depth)
        if kind == "t":
            return self._texts_annotated(term, depth)
        if kind == "k" and term[2] in {"int", "bool", "float", "NoneType"} and term[1]:
            return frozenset({(term[1],)})
        return frozenset({ANYTHING})

    def _texts_of_name(self, dotted: str, depth: int) -> frozenset[Pattern]:
        found = self._texts.get(dotted)
        if found is None:
            self._texts[dotted] = frozenset({ANYTHING})
            resolved = self.resolve(dotted)
            if resolved[0] != "term" and dotted.endswith(".value"):
                resolved = self.resolve(dotted.removesuffix(".value"))
            if resolved[0] == "term":
                found = self.texts(resolved[1], depth + 1)
            else:
                found = frozenset({ANYTHING})
            self._texts[dotted] = found
        return found

    def _joined(self, terms: list[Term], depth: int) -> frozenset[Pattern]:
        whole: set[Pattern] = {()}
        for term in terms:
            parts = self.texts(term, depth + 1)
            whole = {joined(left, right) for left in whole for right in parts}
            if len(whole) > _MOST_TEXTS:
                return frozenset({ANYTHING})
        return frozenset(whole)

    def _texts_annotated(self, term: Term, depth: int) -> frozenset[Pattern]:
        found = self.texts(term[2], depth + 1)
        if all(text_of(pattern) is not None for pattern in found):
            return found
        annotation = term[1]
        if annotation[0] == "r":
            resolved = self.resolve(annotation[1])
            annotation = resolved[1] if resolved[0] == "term" else annotation
        if (
            annotation[0] == "i"
            and annotation[1][0] == "r"
            and self.tail(annotation[1]) == "Literal"
        ):
            return frozenset[Pattern]().union(
                *(self.texts(each, depth + 1) for each in annotation[2])
            )
        return found

    def tail(self, term: Term) -> str:
        """Return the last part of the name that a term stands for, through imports."""
        if term[0] != "r":
            return ""
        found = self.resolve(term[1])
        return str(found[-1]).rpartition(".")[2] if found[0] != "term" else ""

    def is_task(self, term: Term) -> bool:
        """Tell whether a term is the decorator `task`, or a name for `task(...)`."""
        if term[0] != "r":
            return False
        found = self.resolve(term[1])
        if found[0] == "term" and found[1][0] == "f":
            called, given = found[1][1], found[1][2]
            return all(each[0] == "s" for each in given) and self.is_task(called)
        return found == ("graflow", "task")


def _top(dotted: str) -> str:
    return dotted.partition(".")[0].partition("#")[0]
