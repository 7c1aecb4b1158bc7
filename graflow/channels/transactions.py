"""Transactions: several operations that happen at one moment, or not at all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Generic, NamedTuple, Self, TypeVar

from typing_extensions import TypeForm

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.backend import Backend
from graflow.channels.base import Channel
from graflow.channels.commits.commit import Answer, Commit, Conflict, Refusal, Steps
from graflow.channels.keyed import KeyedChannel
from graflow.channels.operation.attempts import Limits, insist
from graflow.channels.operation.blame import does_not_fit
from graflow.channels.operation.requests import Call
from graflow.channels.overlay.overlay import Overlay, Stale
from graflow.channels.overlay.pending import known
from graflow.channels.typed import TypedChannel
from graflow.exceptions import ChannelTypeError, ChannelValueError

__all__ = ["Transaction", "limits_of", "transact"]

R = TypeVar("R")
T = TypeVar("T")


class Transaction(Channel):
    """A channel inside `Channel.transact`: it sees its own writes, and others don't yet.

    It has the operations of a channel. What `append`, `prepend`, `atomic_add`, `delete`, `touch`
    and `persist` return is looked up only if it is used: as long as it isn't, they are never in
    conflict with others.
    """

    backend: Overlay

    def __init__(self, backend: Backend) -> None:
        """Begin a transaction in front of a backend."""
        self._take(Overlay(backend))

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
        """Call `fn` as a part of this transaction, which is what is tried again."""
        return fn(self)


class _Done(NamedTuple, Generic[R]):
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

    def attempt(owner: str) -> Steps[_Done[R] | Conflict]:
        transaction = Transaction(backend)
        overlay = transaction.backend
        try:
            result: R = yield Call(fn, transaction)
        except Stale as stale:
            return Conflict(stale.key)
        except Exception:
            # Of what it read, some may be older than the rest; then it has raised for nothing.
            answers = yield Commit(overlay.checks(owner), ())
            if isinstance(answers, Conflict):
                return answers
            raise
        finally:
            overlay.end()
        if inspect.iscoroutine(result):
            result.close()
            raise ChannelTypeError(
                f"transact takes a plain function, and {getattr(fn, '__name__', fn)!r} is a "
                "coroutine function"
            )
        answers = yield from _commit(overlay, owner)
        return answers if isinstance(answers, Conflict) else _Done(known(result))

    done: _Done[R] = yield from insist(attempt, limits, backend.name)
    return done.result


def _commit(overlay: Overlay, owner: str = "") -> Steps[list[Answer] | Conflict]:
    """Commit what a transaction has read and changed."""
    checks, changes = overlay.checks(owner), overlay.changes
    if not checks and not changes:
        return []
    try:
        answers: list[Answer] | Conflict = yield Commit(checks, changes)
    except Refusal as refusal:
        raise does_not_fit(overlay.name, refusal) from None
    if not isinstance(answers, Conflict):
        overlay.end(answers)
    return answers
