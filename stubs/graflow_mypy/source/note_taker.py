"""Note taker: it collects the notes on a file while the file is scanned."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from graflow_mypy.source.expressions import CHANNEL_GETTERS, FACES, term_of
from graflow_mypy.source.notes import (
    CallSite,
    FileNotes,
    InitialNote,
    InstanceNote,
    ResultNote,
    SchemaNote,
    StartNote,
    TaskNote,
    UseNote,
)
from graflow_mypy.source.rebindings import keys_added
from graflow_mypy.source.scopes import Scope, home_of
from graflow_mypy.source.terms import (
    ANY,
    Attribute,
    Call,
    Constant,
    Declared,
    DictDisplay,
    Display,
    Face,
    Item,
    Joined,
    Name,
    RunChannel,
    Term,
    Text,
    names_in,
)

__all__ = [
    "CHANGES",
    "OPERATIONS",
    "READS",
    "RESTARTS",
    "STARTS",
    "WRITES",
    "NoteTaker",
    "keyword_of",
]

READS = frozenset(
    {
        *("delete", "exists", "get", "get_list", "entry", "pop", "get_many", "ttl", "touch"),
        *("persist", "wait_for"),
    }
)
WRITES = {
    **dict.fromkeys(("set", "add", "append", "prepend", "update"), 2),
    **dict.fromkeys(("atomic_add", "set_many"), 1),
}
"""The operations that write, and how many arguments tell a channel's from those of other types."""

CHANGES = frozenset({*WRITES, "change"})
"""The operations that store something; `change` is an `update` without a default."""

STARTS = {"aexecute": 2, "astream": 1, "execute": 2, "stream": 1}
"""The methods that start a run, and the position of `initial_channel` among their arguments."""

RESTARTS = frozenset({"aresume", "arun", "resume", "run"})
"""The methods that start a run or let one go on, and take what is in it by name alone."""

OPERATIONS = READS | WRITES.keys() | {"set_all"}
_NONE = Constant("None", "NoneType")
_MAPPINGS = {"set_many": "set", "set_all": "set", "get_many": "get"}
_WITH_DEFAULT = {"get", "get_list"}  # `pop` gives `None` without being told
_MAY_WRITE = ("Channel", "Context", "Transaction")  # ends of the names of types


class NoteTaker:
    """The notes on a file while they are taken.

    Attributes:
        notes: The notes.
        lines: The lines of the file.
    """

    def __init__(self, source: bytes) -> None:
        """Begin with nothing.

        Args:
            source: What the file holds.
        """
        self.notes = FileNotes()
        self.lines = source.splitlines()  # at the ends that Python knows: it is bytes
        self._is_ascii = source.isascii()

    def filled(self, node: ast.expr, scope: Scope) -> None:
        """Note that a mapping of a module may get more items."""
        if isinstance(node, ast.Name | ast.Attribute):
            term = term_of(node, scope)
            if isinstance(term, Name):
                self.notes.filled.append(term.dotted)

    def lent(self, node: ast.Call, scope: Scope) -> None:
        """Note what is passed to another package, which may write to a channel."""
        called = term_of(node.func, scope)
        if not isinstance(called, Name):
            return
        for given in (*node.args, *(keyword.value for keyword in node.keywords)):
            term = term_of(given, scope)
            if _may_write(term):
                self.use("lent", term, called, ANY, scope, node)

    def operation(
        self, node: ast.Call, name: str, receiver: Term, scope: Scope, *, is_seen: bool
    ) -> None:
        """Note a call that may be an operation of a channel."""
        count = len(node.args) + len(node.keywords)
        if any(isinstance(each, ast.Starred) for each in node.args):
            count = max(count, 2)
        if isinstance(receiver, Constant | Text | Display | DictDisplay | Joined):
            return
        if count < WRITES.get(name, count + _is_doubtful(receiver)):
            return
        site = self.call_site(node) if is_seen else None
        if name in _MAPPINGS:
            self._several(node, name, receiver, scope, site)
            return
        key = node.args[0] if node.args else keyword_of(node, "key")
        value = node.args[1] if len(node.args) > 1 else keyword_of(node, "value")
        if name == "update" and _is_without_default(node):
            name = "change"
        is_spread = isinstance(key, ast.Starred) or (key is None and bool(node.keywords))
        if key is not None or is_spread:
            term = ANY if is_spread else term_of(key, scope)
            kind = self._kind_of(value, scope)
            has_default = name in _WITH_DEFAULT and count > 1
            self.use(name, receiver, term, kind, scope, node, site, has_default=has_default)

    def _kind_of(self, value: ast.expr | None, scope: Scope) -> Term:
        """Return what is known of a value that is written, without what is in it."""
        if isinstance(value, ast.Dict):
            return Constant("", "dict")
        match term := term_of(value, scope):
            case Display(type=kind):
                return Constant(kind, kind)
            case Text():
                return Constant("", "str")
            case DictDisplay():
                return Constant("", "dict")
            case _:
                return term

    def _several(
        self, node: ast.Call, name: str, receiver: Term, scope: Scope, site: CallSite | None
    ) -> None:
        """Note one use for each key of a mapping or of a list of keys."""
        for given in self.mapping(node.args[0] if node.args else None, scope):
            pairs: tuple[tuple[Term, Term], ...] = ((ANY, ANY),)
            if isinstance(given, DictDisplay):
                pairs = given.pairs
            elif isinstance(given, Display):
                pairs = tuple((key, ANY) for key in given.items)
            for key, value in pairs:
                self.use(_MAPPINGS[name], receiver, key, value, scope, node, site)

    def mapping(self, node: ast.expr | None, scope: Scope) -> list[Term]:
        """Return the term of a mapping, and terms of what else is put into it in its function."""
        found = [term_of(node, scope)]
        if isinstance(node, ast.Name):
            home = home_of(node.id, scope)
            if home.parent is not None:
                added = [term_of(key, home) for key in keys_added(node.id, home.node)]
                found += [DictDisplay(((key, ANY),)) for key in added]
        return found

    def use(
        self,
        name: str,
        receiver: Term,
        key: Term,
        value: Term,
        scope: Scope,
        node: ast.expr,
        site: CallSite | None = None,
        *,
        has_default: bool = False,
    ) -> None:
        """Note one use of a key, or of something else that the name of the use says."""
        place = scope.name, site, node.lineno
        self.notes.uses.append(UseNote(name, receiver, key, value, *place, has_default))

    def initial(self, node: ast.Call, mappings: Sequence[Term], scope: Scope) -> None:
        """Note the mappings that a run starts with, whose call the node is."""
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        workflow, site = term_of(owner, scope), self.call_site(node)
        self.notes.initial += [InitialNote(workflow, each, scope.name, site) for each in mappings]

    def result(self, node: ast.Call, scope: Scope) -> None:
        """Note a call that asks for the result of a task."""
        asked = node.args[0] if node.args else keyword_of(node, "task")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        terms = term_of(owner, scope), term_of(asked, scope)
        self.notes.results.append(ResultNote(*terms, scope.name, self.call_site(node)))

    def schema(self, node: ast.Call, name: str, scope: Scope) -> None:
        """Note the schema that a channel is made with."""
        position = 0 if name in CHANNEL_GETTERS or name in FACES else 1
        schema = node.args[position] if len(node.args) > position else keyword_of(node, "schema")
        term = term_of(schema, scope, is_type=True)
        is_keyed = name in {"KeyedChannel", "get_keyed_channel", "keyed"}
        self.notes.schemas.append(SchemaNote(term, is_keyed, self.call_site(node)))

    def task_call(self, call: ast.Call, outer: ast.Call | None, scope: Scope) -> None:
        """Note `task(function)`, or `task("id")(function)` where there is an outer call."""
        made_of = (outer or call).args[0] if (outer or call).args else None
        if outer is None and (made_of is None or isinstance(made_of, ast.Constant)):
            made_of = None
        named = keyword_of(call, "task_id") or keyword_of(call, "id")
        task_id = named or (call.args[0] if outer is not None and call.args else None)
        is_named = isinstance(made_of, ast.Name | ast.Attribute)
        function = term_of(made_of, scope) if is_named else ANY
        self.task(
            term_of(call.func, scope),
            function,
            term_of(task_id, scope) if task_id is not None else _NONE if is_named else ANY,
            call,
        )

    def task(self, maker: Term, function: Term, task_id: Term, node: ast.expr) -> None:
        """Note something that makes a task."""
        self.notes.tasks.append(TaskNote(maker, function, task_id, node.lineno))

    def instance(self, node: ast.Call, task_id: Term, scope: Scope) -> None:
        """Note a call that may give a task another id; with `**`, only that of a plain name."""
        function = term_of(node.func, scope)
        if task_id is not ANY or isinstance(node.func, ast.Name) or isinstance(function, Name):
            given = term_of(node.args[0], scope) if node.args else ANY
            given = given if isinstance(given, Name) else ANY
            self.notes.instances.append(InstanceNote(function, task_id, given, node.lineno))

    def start(self, node: ast.Call, scope: Scope) -> None:
        """Note the task that a run starts at, and what it starts with where that has no name."""
        position = STARTS.get(getattr(node.func, "attr", ""), -1)
        before = node.args[: position + 1]
        asked = before[0] if before else keyword_of(node, "start_node")
        if asked is not None:
            note = StartNote(term_of(asked, scope), scope.name, self.call_site(node))
            self.notes.starts.append(note)
        if position < 0:
            return
        if any(isinstance(each, ast.Starred) for each in before):
            self.initial(node, [ANY], scope)
        elif len(before) > position:
            self.initial(node, self.mapping(before[position], scope), scope)

    def call_site(self, node: ast.Call) -> CallSite:
        """Return where a call is; what is called, and its first argument, stand in for a column."""
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
        given = (*node.args, *(each.value for each in node.keywords))
        text = given[0].value if given and isinstance(given[0], ast.Constant) else ""
        return self.site(node, f"{name} {text if isinstance(text, str) else ''}")

    def site(self, node: ast.expr, stand_in: str) -> CallSite:
        """Return where an expression is: its lines, and its last column in bytes.

        The native parser of mypy 2 has other columns behind text that is not ASCII: there, the
        stand-in takes the place of the column.
        """
        end_line, end = node.end_lineno or 0, node.end_col_offset or 0
        is_ascii = self._is_ascii or self.lines[end_line - 1][:end].isascii()
        return CallSite(node.lineno, end_line, end, end if is_ascii else stand_in)


def keyword_of(node: ast.Call, name: str) -> ast.expr | None:
    """Return a keyword argument of a call, if it has it."""
    return next((each.value for each in node.keywords if each.arg == name), None)


def _is_without_default(node: ast.Call) -> bool:
    """Tell whether a call of `update` certainly has nothing to begin with where there is no key."""
    is_clear = not any(isinstance(each, ast.Starred) for each in node.args)
    words = {each.arg for each in node.keywords}
    return is_clear and len(node.args) < 3 and words.isdisjoint({"default", None})


def _is_doubtful(receiver: Term) -> bool:
    """Tell whether a file says too little about something for it to be a channel of a run."""
    match receiver:
        case Attribute(owner, name):
            if isinstance(owner, Call | Declared):  # which may have it as a property
                return False
            return name not in {"aio", "channel"} or owner is ANY
        case _:
            return receiver is ANY or isinstance(receiver, Item)


def _may_write(term: Term) -> bool:
    """Tell whether who gets a term may write into a channel of a run."""
    if isinstance(term, Declared):
        return any(name.endswith(_MAY_WRITE) for name in names_in(term.annotation))
    return _may_write(term.owner) if isinstance(term, Face) else isinstance(term, RunChannel)
