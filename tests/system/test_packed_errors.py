"""Exceptions that travel: as much of them as can."""

from __future__ import annotations

import pickle
import threading
from dataclasses import dataclass
from typing import Any

import cloudpickle
import pytest

from graflow.exceptions import (
    MissingParameterError,
    TaskFailedError,
    UnpicklableError,
)
from graflow.system.packed_errors import pack_error, unpack_error


class Demanding(Exception):
    """It wants other arguments than it hands on."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.sum = one + two


class Forgetful(Exception):
    """Called again with its `args` it would say something else."""

    def __init__(self, one: object, two: int = 0) -> None:
        super().__init__(f"{one} and {two}")


class Holding(Exception):
    """It has something that pickle can't carry."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code
        self.lock = threading.Lock()


class Refusing(Exception):
    """It can't be pickled, and says so."""

    def __reduce__(self) -> Any:
        raise TypeError("no")


class Hopeless(Exception):
    """It can't be made at all without a lock."""

    def __new__(cls, lock: Any) -> Hopeless:
        """Make it."""
        lock.acquire(blocking=False)
        return super().__new__(cls, lock)


class Changing(Exception):
    """It becomes something else on the way."""

    def __reduce__(self) -> Any:
        return ValueError, ("changed",)


@dataclass(frozen=True)
class Frozen(Exception):
    """Nobody may set its attributes."""

    x: int


class Mute(Exception):
    """Its text can't be made."""

    def __str__(self) -> str:
        raise ValueError


class Group(ExceptionGroup[Exception]):
    """A group with something of its own."""

    code: int

    @classmethod
    def of(cls, code: int, *members: Exception) -> Group:
        """Make it."""
        group = cls("inner", members)
        group.code = code
        return group


def sent(error: BaseException) -> Any:
    """Return what arrives elsewhere."""
    packed = pickle.loads(pickle.dumps(pack_error(error, cloudpickle.dumps)))
    return unpack_error(packed, UnpicklableError)


@pytest.mark.parametrize(
    ("error", "attributes"),
    [
        (ValueError("x"), {"args": ("x",)}),
        (SystemExit(3), {"code": 3}),
        (StopIteration(4), {"value": 4}),
        (FileNotFoundError(2, "no", "name"), {"errno": 2, "filename": "name"}),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "why"), {"start": 0, "reason": "why"}),
        (KeyError(object()), {}),
        (Demanding(1, 2), {"sum": 3, "args": ("1 and 2",)}),
        (Forgetful(1, 2), {"args": ("1 and 2",)}),
        (Holding("x", 3), {"code": 3, "args": ("x",)}),
        (Refusing("x", 3), {"args": ("x", 3)}),
        (Changing("x"), {"args": ("x",)}),
        (Frozen(3), {"x": 3}),
        (MissingParameterError("x", task="t", parameter="p"), {"task": "t", "parameter": "p"}),
        (pytest.fail.Exception("x"), {"msg": "x"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_exception_arrives_as_what_it_was(
    error: BaseException, attributes: dict[str, object]
) -> None:
    """Its type, its text, and its attributes, whatever its class wants to be called with."""
    back = sent(error)
    assert type(back) is type(error)
    if attributes:
        assert str(back) == str(error)
    for name, value in attributes.items():
        assert getattr(back, name) == value
    assert not hasattr(back, "lock")


def test_a_local_class_arrives_too() -> None:
    """And its notes."""

    class Local(Demanding):
        pass

    error = Local(1, 2)
    error.add_note("a note")
    back = sent(error)
    assert (type(back), str(back), back.__notes__) == (Local, "1 and 2", ["a note"])


@pytest.mark.parametrize("error", [Hopeless(threading.Lock()), Mute()])
def test_one_that_can_not_arrive_is_told_of(error: Exception) -> None:
    """By the name of its class, which it has kept if that is all there is to it."""
    error.__cause__ = KeyError("why")
    vars(error)["__notes__"] = ["a note", 3]
    back = sent(error)
    if isinstance(error, Mute):
        assert type(back) is Mute
    else:
        assert isinstance(back, UnpicklableError)
        assert isinstance(back, RuntimeError)
        assert str(back).startswith("Hopeless: <locked")
        assert back.kind == f"{__name__}.Hopeless"
    assert back.__notes__ == ["a note"]
    assert repr(back.__cause__) == "KeyError('why')"


def test_one_member_that_can_not_arrive_leaves_the_others() -> None:
    """In its group, in groups of groups; the groups keep their types and what they have."""
    inner = Group.of(5, Hopeless(threading.Lock()), Demanding(1, 2))
    inner.add_note("of the group")
    outer = ExceptionGroup("outer", [ValueError("x"), inner])
    back = sent(outer)
    assert (type(back), back.message) == (ExceptionGroup, "outer")
    first, second = back.exceptions
    assert repr(first) == "ValueError('x')"
    assert (type(second), second.message, second.code) == (Group, "inner", 5)
    assert second.__notes__ == ["of the group"]
    assert [type(each) for each in second.exceptions] == [UnpicklableError, Demanding]
    assert type(sent(BaseExceptionGroup("x", [SystemExit(3)]))) is BaseExceptionGroup


def test_causes_and_contexts_arrive() -> None:
    """All of the chain, in circles too, and what hides a context."""
    error: BaseException
    try:
        try:
            try:
                raise Demanding(1, 2)
            except Demanding as first:
                raise Holding("second", 2) from first
        except Holding:
            raise KeyError("third") from None
    except KeyError as third:
        error = third
    back = sent(error)
    assert (back.__cause__, back.__suppress_context__) == (None, True)
    second = back.__context__
    assert (type(second), type(second.__cause__)) == (Holding, Demanding)
    assert second.__cause__ is second.__context__
    assert second.__cause__.__traceback__ is None

    one, two = ValueError(1), ValueError(2)
    one.__context__, two.__cause__ = two, one
    back = sent(one)
    assert back.__context__.__cause__ is back


def test_a_long_chain_is_cut() -> None:
    """As contexts of a loop that goes on for long are."""
    error = first = ValueError(0)
    for number in range(1, 5_000):
        error.__context__ = ValueError(number)
        error = error.__context__
    packed = pack_error(first)
    assert 100 < len(packed) <= 1_000
    assert repr(unpack_error(packed, UnpicklableError)) == "ValueError(0)"


def test_groups_in_groups_arrive_however_deep() -> None:
    """They are more than calls in calls may be."""
    error: Exception = ValueError("innermost")
    for number in range(1_500):
        error = ExceptionGroup(str(number), [error])
    back = sent(error)
    for number in reversed(range(1_500)):
        assert back.message == str(number)
        (back,) = back.exceptions
    assert repr(back) == "ValueError('innermost')"


@pytest.mark.parametrize("notes", [5, None, "text", ("a note",)])
def test_notes_that_are_no_list_do_no_harm(notes: object) -> None:
    """As anybody can set them; those that can be shown arrive, in a list."""
    error = ValueError("x")
    vars(error)["__notes__"] = notes
    back = sent(error)
    assert repr(back) == "ValueError('x')"
    back.add_note("another")
    assert back.__notes__ == [*(notes if isinstance(notes, tuple) else ()), "another"]


def test_a_class_that_is_not_known_there_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that is alone, and of a group."""
    plain, group = pack_error(Demanding(1, 2)), pack_error(Group("g", [ValueError("x")]))
    for name in ("Demanding", "Group"):
        monkeypatch.delattr(f"{__name__}.{name}")
    back = unpack_error(plain, UnpicklableError)
    assert (type(back), str(back)) == (UnpicklableError, "Demanding: 1 and 2")
    back = unpack_error(group, UnpicklableError)
    assert type(back) is ExceptionGroup
    assert back.message == "Group: g"
    assert repr(back.exceptions) == "(ValueError('x'),)"


def test_a_failed_run_can_be_pickled_whatever_was_raised() -> None:
    """With all its failures."""

    class Local(Exception):
        pass

    error = TaskFailedError(
        "text", workflow="w", task="a", failures={"a": Demanding(1, 2), "b": Local("why")}
    )
    for copy in (pickle.loads(pickle.dumps(error)), sent(error)):
        assert (str(copy), copy.workflow, copy.task) == ("text", "w", "a")
        assert type(copy.failures["a"]) is Demanding
        assert isinstance(copy.failures["b"], UnpicklableError)
        assert str(copy.failures["b"]) == "Local: why"
