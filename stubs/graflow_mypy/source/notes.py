"""Notes on a file: the keys and tasks it uses, and what its names stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from graflow_mypy.source.terms import Term

__all__ = [
    "CallSite",
    "ClassNote",
    "FieldDefault",
    "FieldNote",
    "FileNotes",
    "FunctionKind",
    "FunctionNote",
    "InitialNote",
    "InstanceNote",
    "ParameterNote",
    "PlacedNote",
    "ResultNote",
    "SchemaNote",
    "StartNote",
    "TaskNote",
    "UnreadNote",
    "UseNote",
]


class CallSite(NamedTuple):
    """The place of a call.

    Attributes:
        line: Its first line, from 1.
        end_line: Its last line.
        column: Its last column, in bytes.
        native_column: The column as the native parser of mypy 2 has it, or what stands in for it.
    """

    line: int
    end_line: int
    column: int
    native_column: int | str


class UseNote(NamedTuple):
    """A use of a key, or of something else that the operation names.

    Attributes:
        operation: The name of the method; `change` for an `update` that needs the key to be
            there, `handed` for a method that is handed on, `lent` for a channel that another
            package gets (which is the key), `given` for a transaction that a function gets (which
            is the key), `made` where a channel is made.
        receiver: The channel.
        key: The key.
        value: What is known of the value, without what is in it.
        function: The function that it stands in.
        site: Where in the file; `None` where no method call is seen.
        line: The line of what uses it, from 1.
        has_default: Whether it gives a default, in case the key is absent.
    """

    operation: str
    receiver: Term
    key: Term
    value: Term
    function: str
    site: CallSite | None
    line: int
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class ResultNote:
    """A call that asks for the result of a task.

    Attributes:
        owner: The context that is asked.
        asked: What is asked for.
        function: The function that it stands in.
        site: Where in the file.
    """

    owner: Term
    asked: Term
    function: str
    site: CallSite


@dataclass(frozen=True, slots=True)
class StartNote:
    """A call that starts a run, and the task that it names."""

    asked: Term
    function: str
    site: CallSite


@dataclass(frozen=True, slots=True)
class SchemaNote:
    """A schema that a channel is made with."""

    schema: Term
    is_keyed: bool
    site: CallSite


@dataclass(frozen=True, slots=True)
class TaskNote:
    """A function made into a task outside of a decorator, by the `maker`, in a `line`.

    The id is the constant `None` where it is the name of the function.
    """

    maker: Term
    function: Term
    task_id: Term
    line: int


@dataclass(frozen=True, slots=True)
class InstanceNote:
    """A call that may give a task another id.

    Attributes:
        function: What is called.
        task_id: The id; unknown where `**` may have it.
        given: The first argument, which is the task if `functools.partial` is called.
        line: The line of the call, from 1.
    """

    function: Term
    task_id: Term
    given: Term
    line: int


@dataclass(frozen=True, slots=True)
class PlacedNote:
    """A task that is put into a workflow.

    Attributes:
        task: The task itself, or a call that binds some of its parameters.
        function: What is called to put it in order with others; `ANY` where nothing is.
        site: The place.
    """

    task: Term
    function: Term
    site: CallSite


@dataclass(frozen=True, slots=True)
class InitialNote:
    """A mapping that a run starts with.

    Attributes:
        workflow: The workflow that is started.
        mapping: The mapping, or a part of it.
        function: The function that starts the run.
        site: The call that does it.
    """

    workflow: Term
    mapping: Term
    function: str
    site: CallSite


FieldDefault: TypeAlias = Literal["", "value", "call", "excluded"]
"""What a field of a class is given in its class."""


@dataclass(frozen=True, slots=True)
class FieldNote:
    """A field of a class.

    Attributes:
        annotation: Its annotation.
        default: "" for none, "value", "call" as for `Field()`, "excluded" as `exclude=True` says.
        options: The keyword arguments of `Field()` or `field()` that say how it is stored.
    """

    annotation: Term
    default: FieldDefault
    options: tuple[tuple[str, Term], ...]


@dataclass(frozen=True, slots=True)
class ClassNote:
    """A class.

    Attributes:
        bases: Its bases.
        is_total: Whether it does not say `total=False`.
        keywords: Its other keyword arguments; the name of what is unpacked is `**`.
        decorators: Its decorators.
        fields: What has an annotation, in its order.
        others: The names of its methods, and of what is assigned in it.
        is_generic: Whether it has type parameters.
        is_twice: Whether another class of the file has the same name.
        converts: Whether a validator or a serializer of its own may make of a value what it likes.
        line: Its line, from 1.
    """

    bases: tuple[Term, ...]
    is_total: bool
    keywords: tuple[tuple[str, Term], ...]
    decorators: tuple[Term, ...]
    fields: dict[str, FieldNote]
    others: tuple[str, ...]
    is_generic: bool
    is_twice: bool
    converts: bool
    line: int


FunctionKind: TypeAlias = Literal["", "async", "generic", "property"]
"""Whether a function is `async`, a `property`, or `generic`: what it returns may depend on what it
is given."""


@dataclass(frozen=True, slots=True)
class ParameterNote:
    """A parameter of a function.

    Attributes:
        name: Its name.
        annotation: Its annotation.
        is_positional: Whether it may be given by position.
        has_default: Whether it has a default.
    """

    name: str
    annotation: Term
    is_positional: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class FunctionNote:
    """A function.

    Attributes:
        parameters: Those of a task, with its context, if nothing else decorates it.
        returns: What it is annotated to return.
        kind: Of which kind it is.
        decorators: Those that make a task of it.
        is_nested: Whether it is defined inside another function.
        line: Its line, from 1.
    """

    parameters: list[ParameterNote]
    returns: Term
    kind: FunctionKind
    decorators: tuple[Term, ...]
    is_nested: bool
    line: int


@dataclass(frozen=True, slots=True)
class UnreadNote:
    """The reason why nothing is known of a file.

    Attributes:
        line: Where, from 1.
        reason: Why, as the end of a sentence.
        path: What messages call the file.
    """

    line: int
    reason: str
    path: str


@dataclass(slots=True)
class FileNotes:
    """All that is kept of a file.

    Attributes:
        uses: Its uses of keys.
        results: Where it asks for results.
        starts: Where it names the tasks that runs start at.
        schemas: The schemas that it makes channels with.
        classes: Its classes by their dotted names.
        functions: Its functions by their dotted names, if they are tasks or say what they return.
        tasks: The tasks that it makes without a decorator.
        instances: Calls that may give a task another id.
        placed: Tasks that it puts into workflows.
        initial: Mappings that runs start with, or parts of them.
        changed: The names of modules that it assigns to.
        filled: The names of mappings that it may put more items into.
        names: What its names stand for.
        stars: The modules of which it imports everything.
        imports: The first parts of the names of the modules that it imports.
        is_quiet: Whether it was passed over, as it certainly uses neither keys nor tasks.
        unread: Why there are no other notes, if it can't be read or parsed.
    """

    uses: list[UseNote] = field(default_factory=list)
    results: list[ResultNote] = field(default_factory=list)
    starts: list[StartNote] = field(default_factory=list)
    schemas: list[SchemaNote] = field(default_factory=list)
    classes: dict[str, ClassNote] = field(default_factory=dict)
    functions: dict[str, FunctionNote] = field(default_factory=dict)
    tasks: list[TaskNote] = field(default_factory=list)
    instances: list[InstanceNote] = field(default_factory=list)
    placed: list[PlacedNote] = field(default_factory=list)
    initial: list[InitialNote] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    names: dict[str, Term] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    is_quiet: bool = False
    unread: UnreadNote | None = None

    @property
    def may_hide_uses(self) -> bool:
        """Whether the file can't be read, and its text does not tell that it uses nothing."""
        return self.unread is not None and not self.is_quiet
