"""Exceptions in picklable form, with their notes, causes, contexts and members."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from graphlib import TopologicalSorter
from typing import Any, NamedTuple, Protocol, TypeAlias

__all__ = ["PackedError", "StandIn", "describe", "pack_error", "unpack_error"]

_MOST = 1_000
"""The most exceptions that are packed together; the contexts of a long loop form long chains."""

Dumps: TypeAlias = Callable[[object], bytes]


class _Node(NamedTuple):
    """One of the exceptions that are packed together; they refer to each other by position.

    Attributes:
        sent: The exception, or the class and the message of a group, pickled; `None` if it can't
            be pickled.
        kind: The full name of its class.
        text: The name of its class and its message.
        notes: Its notes.
        members: The exceptions in a group; `None` if it is not a group.
        cause: Its `__cause__`.
        context: Its `__context__`.
        suppresses: Its `__suppress_context__`.
    """

    sent: bytes | None
    kind: str
    text: str
    notes: tuple[str, ...]
    members: tuple[int, ...] | None
    cause: int | None
    context: int | None
    suppresses: bool


PackedError: TypeAlias = tuple[_Node, ...]
"""What `pack_error` returns: plain data and bytes, the exception itself first."""


class StandIn(Protocol):
    """A function that makes a stand-in for an exception that can't be rebuilt."""

    def __call__(self, message: str, *, kind: str) -> BaseException:
        """Return an exception with the text of the original, and the full name of its class."""


def pack_error(error: BaseException, dumps: Dumps = pickle.dumps) -> PackedError:
    """Return an exception, and those it refers to, in a form that can always be pickled.

    If its class can't be called again with its `args`, the exception is rebuilt without a call.
    Attributes that can't be pickled are left out. If all of that fails, `unpack_error` makes a
    stand-in for that one exception. Tracebacks are left out.

    Args:
        error: The exception.
        dumps: Pickles its parts.
    """
    found = _Found(error)
    nodes: list[_Node] = []
    while len(nodes) < len(found.errors):
        nodes.append(_node(found.errors[len(nodes)], found, dumps))
    return tuple(nodes)


class _Found:
    """The exceptions that are packed together.

    Attributes:
        errors: Those found so far.
    """

    def __init__(self, first: BaseException) -> None:
        self.errors = [first]
        self._positions = {id(first): 0}

    def position(self, error: BaseException) -> int:
        """Return the position of an exception, which is added if it is new."""
        if id(error) not in self._positions:
            self._positions[id(error)] = len(self.errors)
            self.errors.append(error)
        return self._positions[id(error)]

    def origin(self, error: BaseException | None) -> int | None:
        """Return the position of a cause or a context; `None` if there are too many already."""
        if error is None or (len(self.errors) >= _MOST and id(error) not in self._positions):
            return None
        return self.position(error)


def unpack_error(packed: PackedError, stand_in: StandIn) -> BaseException:
    """Return the packed exception, or a stand-in if its class is not known here."""
    inside = TopologicalSorter({at: node.members or () for at, node in enumerate(packed)})
    made: dict[int, BaseException] = {}
    for at in inside.static_order():  # members before their groups
        node = packed[at]
        made[at] = _made(node, [made[member] for member in node.members or ()], stand_in)
    for at, node in enumerate(packed):
        error = made[at]
        vars(error).pop("__notes__", None)
        if node.notes:
            vars(error)["__notes__"] = list(node.notes)
        origins = {"cause": node.cause, "context": node.context}
        for name, origin in origins.items():
            _set(error, f"__{name}__", None if origin is None else made[origin])
        _set(error, "__suppress_context__", node.suppresses)
    return made[0]


def describe(error: BaseException) -> str:
    """Return the name of an exception's class, and its text if it has one."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - the exception's own code
        return f"{name}, whose text can't be shown"
    return f"{name}: {text}" if text else name


def _node(error: BaseException, found: _Found, dumps: Dumps) -> _Node:
    kind, text, members = type(error), describe(error), None
    if isinstance(error, BaseExceptionGroup):
        text = f"{kind.__name__}: {error.message}"
        members = tuple(map(found.position, error.exceptions))
    return _Node(
        _sent(error, dumps),
        f"{kind.__module__}.{kind.__qualname__}",
        text,
        _notes(error),
        members,
        found.origin(error.__cause__),
        found.origin(error.__context__),
        error.__suppress_context__,
    )


def _notes(error: BaseException) -> tuple[str, ...]:
    notes = getattr(error, "__notes__", ())
    if not isinstance(notes, list | tuple):
        return ()
    return tuple(note for note in notes if isinstance(note, str))


def _sent(error: BaseException, dumps: Dumps) -> bytes | None:
    """Return the first pickled form from which the same exception can be rebuilt.

    If no form keeps its text, the first that keeps its type will do: the text may contain an
    address.
    """
    like: bytes | None = None
    told = describe(error)
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else None
    for parts in _ways(error, dumps) if members is None else _ways_of_a_group(error, dumps):
        try:
            sent = dumps(parts)
            back = _assembled(pickle.loads(sent), members)
        except Exception:  # noqa: BLE001 - the exception's own code
            continue
        if type(back) is type(error):
            if describe(back) == told:
                return sent
            like = like or sent
    return like


def _ways(error: BaseException, dumps: Dumps) -> Iterator[tuple[Any, ...]]:
    """Yield ways to rebuild an exception: a function, its arguments, and its state."""
    reduced = _reduced(error)
    if reduced is not None:
        yield reduced
    for attributes in _choices(error, dumps):
        yield _bare, (type(error), error.args, attributes), None
        if reduced is not None:
            yield *reduced[:2], attributes


def _ways_of_a_group(error: BaseException, dumps: Dumps) -> Iterator[tuple[Any, ...]]:
    """Yield ways to rebuild a group, once its members have been rebuilt."""
    assert isinstance(error, BaseExceptionGroup)
    for attributes in _choices(error, dumps):
        yield type(error), error.message, attributes


def _reduced(error: BaseException) -> tuple[Any, ...] | None:
    """Return what pickle would ask an exception for; `None` if that raises."""
    try:
        reduced = error.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001 - the exception's own code
        return None
    return (*reduced[:2], reduced[2] if len(reduced) > 2 else None)


def _choices(error: BaseException, dumps: Dumps) -> Iterator[dict[str, Any]]:
    """Yield the attributes of an exception: first all of them, then those that can be pickled."""
    attributes = {name: value for name, value in vars(error).items() if name != "__notes__"}
    yield attributes
    yield {name: value for name, value in attributes.items() if _travels(value, dumps)}


def _travels(value: object, dumps: Dumps) -> bool:
    try:
        pickle.loads(dumps(value))
    except Exception:  # noqa: BLE001 - the value's own code
        return False
    return True


def _made(node: _Node, members: list[BaseException], stand_in: StandIn) -> BaseException:
    """Return the exception of a node, or a stand-in."""
    try:
        if node.sent is not None:
            return _assembled(pickle.loads(node.sent), members if node.members else None)
    except Exception:  # noqa: BLE001 - its class may not be known here
        pass
    if node.members:
        return BaseExceptionGroup(node.text, members)
    return stand_in(node.text, kind=node.kind)


def _assembled(parts: tuple[Any, ...], members: Sequence[BaseException] | None) -> BaseException:
    make, argument, state = parts
    if members is None:
        error: BaseException = make(*argument)
        if state is not None:
            error.__setstate__(state)
        return error
    group: BaseExceptionGroup[BaseException]
    group = BaseExceptionGroup.__new__(make, argument, list(members))
    vars(group).update(state)
    return group


def _bare(
    kind: type[BaseException], args: tuple[Any, ...], attributes: dict[str, Any]
) -> BaseException:
    """Make an exception without calling its class, which may expect other arguments."""
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


def _set(error: BaseException, name: str, value: object) -> None:
    """Set an attribute, even if the class forbids it."""
    BaseException.__setattr__(error, name, value)
