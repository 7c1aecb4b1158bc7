"""The channels of a program: their owner, kind and schema."""

from __future__ import annotations

from dataclasses import dataclass

from graflow_mypy.program.program import Program
from graflow_mypy.source.terms import ANY, Term

__all__ = ["NO_CHANNEL", "UNKNOWN", "Receiver", "Receivers"]

_KIND_OF = {"TypedChannel": "typed", "KeyedChannel": "keyed"}
_PLAIN = {"Channel", "MemoryChannel", "RedisChannel"}
_CONTEXTS = {("graflow", "ExecutionContext"), ("graflow", "TaskExecutionContext")}
_DEEPEST = 15


@dataclass(frozen=True)
class Receiver:
    """What the receiver of a method call is.

    Attributes:
        where: `run`: the channel of a run. `given`: a channel that somebody handed over.
            `other`: a channel that the program made. `unknown`: perhaps a channel. `none`: no
            channel.
        kind: `plain`, `typed` or `keyed`; empty where that is not known.
        schema: The term of the schema, as text that can be looked at again; unknown for others.
    """

    where: str
    kind: str = ""
    schema: Term | None = None

    def __hash__(self) -> int:
        return hash((self.where, self.kind, str(self.schema)))


UNKNOWN = Receiver("unknown")
NO_CHANNEL = Receiver("none")


class Receivers:
    """Answers about the expressions of one program."""

    def __init__(self, program: Program) -> None:
        """Answers are kept for the next time."""
        self._program = program
        self._named: dict[str, Receiver] = {}

    def of(self, term: Term, depth: int = 0) -> Receiver:
        """Return what a term is."""
        if depth > _DEEPEST:
            return UNKNOWN
        kind = term[0]
        if kind == "ch":
            return Receiver("run", term[1], term[2])
        if kind == "r":
            return self._name(term[1], depth)
        if kind == "t":
            return self._annotated(term, depth)
        if kind == "f":
            return self._called(term, depth)
        if kind == "o":
            return _one_of([self.of(each, depth + 1) for each in term[1:]])
        if kind == "a" and term[2] == "channel":
            found = self.of(term[1], depth + 1)
            return Receiver(found.where, "plain") if found.kind else UNKNOWN
        return UNKNOWN if kind in {"?", "a", "i"} else NO_CHANNEL

    def reaches(self, term: Term) -> bool:
        """Tell whether who gets a term can write: it is a channel, or the context of a run."""
        if self.of(term).where in {"run", "given"}:
            return True
        is_annotated = term[0] == "t" and term[1][0] == "r"
        return is_annotated and self._program.resolve(term[1][1]) in _CONTEXTS

    def _name(self, dotted: str, depth: int) -> Receiver:
        found = self._named.get(dotted)
        if found is None:
            self._named[dotted] = UNKNOWN
            resolved = self._program.resolve(dotted)
            if resolved[0] == "term":
                found = self.of(resolved[1], depth + 1)
            elif resolved[0] in {"class", "function", "graflow"}:
                found = NO_CHANNEL
            else:
                found = UNKNOWN
            self._named[dotted] = found
        return found

    def _annotated(self, term: Term, depth: int) -> Receiver:
        found = self._annotation(term[1], depth + 1)
        return self.of(term[2], depth + 1) if found is UNKNOWN and term[2] != ANY else found

    def _annotation(self, term: Term, depth: int) -> Receiver:
        if depth > _DEEPEST:
            return UNKNOWN
        if term[0] == "|":
            parts = [self._annotation(each, depth + 1) for each in term[1:]]
            channels = [each for each in parts if each is not NO_CHANNEL]
            return _one_of(channels) if channels else NO_CHANNEL
        if term[0] == "i":
            return self._generic(term, depth)
        if term[0] == "k":
            return NO_CHANNEL
        if term[0] != "r":
            return UNKNOWN
        found = self._program.resolve(term[1])
        if found[0] == "graflow":
            return Receiver("given", "plain") if found[1] in _PLAIN else _bare(found[1])
        if found[0] == "term":
            return self._annotation(found[1], depth + 1)
        if found[0] == "external":
            return UNKNOWN if found[1].startswith(("typing", "builtins.object")) else NO_CHANNEL
        return UNKNOWN

    def _generic(self, term: Term, depth: int) -> Receiver:
        name = self._program.tail(term[1])
        if name in _KIND_OF:
            return Receiver("given", _KIND_OF[name], term[2][0])
        if name in {"Optional", "Annotated", "Final", "Union", "ClassVar"}:
            return self._annotation(term[2][0], depth + 1)
        found = self._program.resolve(term[1][1]) if term[1][0] == "r" else ("unknown", "")
        return NO_CHANNEL if found[0] == "external" else UNKNOWN

    def _called(self, term: Term, depth: int) -> Receiver:
        function, arguments, named = term[1], term[2], term[3]
        while function[0] == "i":
            function = function[1]
        if function[0] != "r":
            return UNKNOWN
        found = self._program.resolve(function[1])
        if found[0] == "graflow":
            return self._made(found[1], arguments, named, depth)
        if found[0] == "class":
            return UNKNOWN if found[2].endswith("Channel") else NO_CHANNEL
        if found[0] == "function":
            record = self._program.record(found[1])["functions"][found[2]]
            return UNKNOWN if record[1] else self._annotation(record[0], depth + 1)
        if found == ("external", "typing.cast") and arguments:
            return self._annotation(arguments[0], depth + 1)
        name = str(found[1]).rpartition(".")[2]
        is_class = found[0] == "external" and name[:1].isupper() and not name.endswith("Channel")
        return NO_CHANNEL if is_class else UNKNOWN

    def _made(
        self, name: str, arguments: list[Term], named: dict[str, Term], depth: int
    ) -> Receiver:
        if name in _PLAIN:
            return Receiver("other", "plain")
        if name not in _KIND_OF:
            return UNKNOWN if name == "ChannelFactory" else NO_CHANNEL
        channel = arguments[0] if arguments else named.get("channel", ANY)
        schema = arguments[1] if len(arguments) > 1 else named.get("schema", ANY)
        inner = self.of(channel, depth + 1)
        where = inner.where if inner.where in {"run", "given"} else "other"
        return Receiver(where, _KIND_OF[name], schema)


def _bare(name: str) -> Receiver:
    return Receiver("given", _KIND_OF[name], ANY) if name in _KIND_OF else NO_CHANNEL


def _one_of(receivers: list[Receiver]) -> Receiver:
    if all(each == receivers[0] for each in receivers):
        return receivers[0]
    channels = [each for each in receivers if each.where != "none"]
    return UNKNOWN if len(channels) != 1 else channels[0]
