"""The steps of a trial: an operation on a handle, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graflow.testing.trials.literals import expression

__all__ = [
    "Body",
    "Etag",
    "Expected",
    "Found",
    "Gave",
    "Left",
    "Move",
    "Raised",
    "Refused",
    "Step",
    "Updater",
    "do",
    "wait",
]


@dataclass(frozen=True, slots=True)
class Updater:
    """A function for `update`, with its source.

    Attributes:
        source: A lambda of one argument.
        meanwhile: A step on another handle, taken while the function runs for the first time.
    """

    source: str
    meanwhile: Step | None = None

    def apply(self, value: Any) -> Any:
        """Call the function."""
        function: Callable[[Any], Any] = eval(self.source, {})
        return function(value)


@dataclass(frozen=True, slots=True)
class Body:
    """A function for `transact`, which takes steps and returns what they returned.

    Attributes:
        steps: The steps; their channel and their handle don't count.
        meanwhile: A step of another handle when the function has run for the first time.
        fails: Whether the function raises a `LookupError` in the end.
    """

    steps: tuple[Step, ...]
    meanwhile: Step | None = None
    fails: bool = False

    def source(self, meanwhile: str) -> str:
        """Return it as Python code, given that of `meanwhile`."""
        lines = [step.source("tx") for step in self.steps]
        results = f"[{', '.join([*lines, '{}[0]'] if self.fails else lines)}]"
        if not meanwhile:
            return f"lambda tx: {results}"
        return f"lambda tx, once=[]: ({results}, once or once.append({meanwhile}))[0]"


@dataclass(frozen=True, slots=True)
class Etag:
    """The etag of an entry that was read before.

    Attributes:
        back: How many entries ago, 1 for the latest.
    """

    back: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """An operation on a handle, or time that passes.

    Attributes:
        operation: A method of `Channel`; `contains`, which is `key in channel`; `unlock`, which
            ends what `lock` began; or `advance`.
        args: The positional arguments.
        options: The keyword arguments.
        channel: The channel's name.
        handle: The number of the handle on that channel.
    """

    operation: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    channel: str = "job"
    handle: int = 0

    def on(self, channel: str, handle: int = 0) -> Step:
        """Return the same step on another channel or handle."""
        return Step(self.operation, self.args, self.options, channel, handle)

    def gives(self, value: Any) -> Move:
        """Expect this return value."""
        return Move(self, Gave(value))

    def raises(self, kind: type[BaseException], says: str = "") -> Move:
        """Expect an error about the value, or about what the key holds."""
        return Move(self, Refused(kind, names_key=True, says=says))

    def rejects(self, kind: type[BaseException], says: str = "") -> Move:
        """Expect an error about an argument itself, or one from the caller's own code."""
        return Move(self, Refused(kind, says=says))

    @property
    def meanwhile(self) -> Step | None:
        """A step on another handle, taken during this one."""
        functions = [each for each in self.args if isinstance(each, Updater | Body)]
        return functions[0].meanwhile if functions else None

    def source(self, variable: str, meanwhile: str = "") -> str:
        """Return the step as Python code.

        Args:
            variable: The handle's name.
            meanwhile: The code of `meanwhile`.
        """
        arguments = [_argument(each, meanwhile) for each in self.args]
        arguments += [f"{name}={_argument(each, '')}" for name, each in self.options.items()]
        text = f"({', '.join(arguments)})"
        if self.operation == "advance":
            return f"advance{text}"
        if self.operation == "contains":
            return f"{arguments[0]} in {variable}"
        if self.operation == "lock":
            return f"lock = {variable}.lock{text}; lock.__enter__(); locks.append(lock)"
        if self.operation == "unlock":
            return "locks.pop(0).__exit__(None, None, None)"
        if self.operation == "entry":
            return f"[entry := {variable}.entry{text}, etags.append(entry.etag)][0]"
        return f"{variable}.{self.operation}{text}"

    def source_and_scribble(self, variable: str) -> str:
        """Return the step as Python code that then changes what was stored and returned."""
        if self.operation in {"advance", "contains", "entry", "lock", "unlock"} or any(
            isinstance(each, Updater | Body) for each in self.args
        ):
            return self.source(variable)
        options = "".join(f", {name}={_argument(each, '')}" for name, each in self.options.items())
        call = f"{variable}.{self.operation}(*args{options})"
        return f"args = {expression(self.args)}; scribble([{call}, *args])"


def _argument(value: Any, meanwhile: str) -> str:
    if isinstance(value, Body):
        return value.source(meanwhile)
    if isinstance(value, Etag):
        return f"etags[-{value.back}]"
    if not isinstance(value, Updater):
        return expression(value)
    if not meanwhile:
        return value.source
    return f"lambda value, once=[]: (once or once.append({meanwhile}), ({value.source})(value))[1]"


def do(operation: str, *args: Any, **options: Any) -> Step:
    """Return a step on the first handle of the channel `job`."""
    return Step(operation, args, options)


def wait(seconds: float) -> Step:
    """Return a step that lets time pass."""
    return Step("advance", (seconds,))


@dataclass(frozen=True, slots=True)
class Left:
    """A number of seconds that is a little less by the time it is read."""

    seconds: float

    def __repr__(self) -> str:
        return f"about {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Gave:
    """The operation returned this."""

    value: Any = None

    def __str__(self) -> str:
        value = self.value
        return f"returns {value!r}" if isinstance(value, Left) else f"returns {expression(value)}"


@dataclass(frozen=True, slots=True)
class Refused:
    """The operation raised an error of this kind.

    Attributes:
        kind: The kind, or any that derives from it.
        names_key: Whether the error has the channel and the key as attributes.
        says: A text that the message contains.
    """

    kind: type[BaseException]
    names_key: bool = False
    says: str = ""

    def __str__(self) -> str:
        about = " that names the channel and the key" if self.names_key else ""
        says = f" and says {self.says!r}" if self.says else ""
        return f"raises {self.kind.__name__}{about}{says}"


@dataclass(frozen=True, slots=True)
class Raised:
    """The operation raised this."""

    error: BaseException


Expected = Gave | Refused
"""What must come of a step."""

Found = Gave | Raised
"""What came of a step."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step, and its required outcome."""

    step: Step
    outcome: Expected = Gave()
