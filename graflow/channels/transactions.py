"""Transactions: several operations that happen at one moment, or not at all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Generic, NamedTuple, Self, TypeVar

from typing_extensions import TypeForm

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.backend import Backend
from graflow.channels.base import Channel
from graflow.channels.codec.stand_ins import without_stand_ins
from graflow.channels.commits.commit import Answer, Commit, Conflict, Refusal, Steps
from graflow.channels.keyed import KeyedChannel
from graflow.channels.operation.attempts import Limits, insist
from graflow.channels.operation.reads import CallFunction
from graflow.channels.operation.told_errors import misfit
from graflow.channels.overlay.overlay import Overlay, Stale
from graflow.channels.typed import TypedChannel
from graflow.exceptions import (
    ChannelConnectionError,
    ChannelError,
    ChannelTypeError,
    ChannelValueError,
)

__all__ = ["Transaction", "limits_of", "transact"]

R = TypeVar("R")
T = TypeVar("T")


class Transaction(Channel):
    """A channel inside `Channel.transact`: it sees its own writes, and others don't yet.

    It has the operations of a channel, except that it takes no locks and can't be destroyed. What
    `append`, `prepend`, `atomic_add`, `delete`, `touch` and `persist` return is looked up only if
    it is used: as long as it isn't, they are never in conflict with others. After the function has
    returned it can't be used any more.
    """

    backend: Overlay

    def __init__(self, backend: Backend) -> None:
        """Begin a transaction in front of a backend."""
        self._overlay = Overlay(backend)
        self._take(self._overlay)

    def typed(self, schema: TypeForm[T], *, strict: bool = True) -> TypedChannel[T]:
        """Return the transaction behind a schema; see `TypedChannel`."""
        return TypedChannel(self, schema, strict=strict)

    def keyed(self, schema: TypeForm[T], *, strict: bool = True) -> KeyedChannel[T]:
        """Return the transaction with the keys and types of a `TypedDict`; see `KeyedChannel`."""
        return KeyedChannel(self, schema, strict=strict)

    def transact(
        self,
        fn: Callable[[Self], R],
        *,
        attempts: int | None = None,
        timeout: Seconds | None = None,
    ) -> R:
        """Call `fn` as a part of this transaction, which is what is tried again.

        If it raises, none of its changes happens, whatever becomes of the rest.
        """
        before = len(self._overlay.changes)
        try:
            result = fn(self)
            _check_ran(fn, result)
        except BaseException:
            self._overlay.undo(before)
            raise
        return result


class _Committed(NamedTuple, Generic[R]):
    """What a transaction returned, which may be anything, even a `Conflict`."""

    result: R


def limits_of(backend: Backend, attempts: object, timeout: Seconds | None) -> Limits:
    """Check the limits of a transaction.

    Raises:
        ChannelTypeError, ChannelValueError: One of them is invalid.
    """
    seconds = backend.timeout if timeout is None else milliseconds(timeout, "timeout") / 1000
    if attempts is None:
        return Limits(seconds)
    if isinstance(attempts, bool) or not isinstance(attempts, int):
        raise ChannelTypeError(f"attempts must be an int, not {type(attempts).__name__}")
    if attempts < 1:
        raise ChannelValueError("attempts must be at least 1")
    return Limits(seconds, attempts)


def transact(backend: Backend, fn: Callable[[Transaction], R], limits: Limits) -> Steps[R]:
    """Call `fn` with a transaction, and commit it; again, if others came in between."""

    def attempt(owner: str) -> Steps[_Committed[R] | Conflict]:
        transaction = Transaction(backend)
        overlay = transaction.backend
        try:
            result: R = yield CallFunction(fn, transaction)
        except Stale as change:
            return Conflict(change.key)
        except ChannelConnectionError:
            raise
        except Exception:
            stale = yield from _find_stale(overlay, owner)
            if stale is not None:
                return stale
            raise
        finally:
            overlay.end()
        _check_ran(fn, result)
        answers = yield from _commit(overlay, owner)
        if isinstance(answers, Conflict):
            return answers
        return _Committed(without_stand_ins(result) if overlay.has_promised else result)

    done: _Committed[R] = yield from insist(attempt, limits, backend.name)
    return done.result


def _find_stale(overlay: Overlay, owner: str) -> Steps[Conflict | None]:
    """Return a conflict if the function that has raised may have done so for nothing.

    Of what it read, some may be older than the rest.
    """
    checks = overlay.checks(owner)
    if not checks:
        return None
    try:
        answers: list[Answer] | Conflict = yield Commit(checks, ())
    except ChannelError:
        return None  # what the function raised says more
    return answers if isinstance(answers, Conflict) else None


def _check_ran(fn: Callable[..., object], result: object) -> None:
    """Check that the function of a transaction has run.

    Raises:
        ChannelTypeError: It is a coroutine function, or a generator function.
    """
    if isinstance(result, CoroutineType):
        result.close()
        kind = "coroutine"
    elif isinstance(result, GeneratorType | AsyncGeneratorType) and (
        inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn)
    ):
        kind = "generator"
    else:
        return
    raise ChannelTypeError(
        f"transact takes a plain function, and {getattr(fn, '__name__', fn)!r} is a {kind} function"
    )


def _commit(overlay: Overlay, owner: str = "") -> Steps[list[Answer] | Conflict]:
    """Commit what a transaction has read and changed."""
    checks, changes = overlay.checks(owner), overlay.changes
    if not checks and not changes:
        return []
    try:
        answers: list[Answer] | Conflict = yield Commit(checks, changes)
    except Refusal as refused:
        raise misfit(overlay.name, refused) from None
    if not isinstance(answers, Conflict):
        overlay.end(answers)
    return answers
