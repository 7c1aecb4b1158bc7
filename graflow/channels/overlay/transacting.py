"""Transactions as steps: a function is called, and what it did is committed, or tried again."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Protocol, TypeVar

from graflow.channels.arguments import Seconds, milliseconds
from graflow.channels.codec.stand_ins import without_stand_ins
from graflow.channels.commits.commit import Answer, Commit, Conflict, Refusal, Steps
from graflow.channels.operation.attempts import Limits, insist
from graflow.channels.operation.reads import CallFunction
from graflow.channels.operation.told_errors import misfit
from graflow.channels.overlay.overlay import Overlay, Stale
from graflow.exceptions import (
    ChannelConnectionError,
    ChannelError,
    ChannelTypeError,
    ChannelValueError,
)

__all__ = ["InOverlay", "awaited", "check_ran", "limits_of", "transact"]

B = TypeVar("B", bound="InOverlay")
_GENERATORS = GeneratorType, AsyncGeneratorType


def limits_of(attempts: object, timeout: Seconds | None, default: float) -> Limits:
    """Check the limits of a transaction; `default` is the timeout in seconds.

    Raises:
        ChannelTypeError, ChannelValueError: One of them is invalid.
    """
    seconds = default if timeout is None else milliseconds(timeout, "timeout") / 1000
    if attempts is None:
        return Limits(seconds)
    if isinstance(attempts, bool) or not isinstance(attempts, int):
        raise ChannelTypeError(f"attempts must be an int, not {type(attempts).__name__}")
    if attempts < 1:
        raise ChannelValueError("attempts must be at least 1")
    return Limits(seconds, attempts)


class InOverlay(Protocol):
    """A transaction.

    Attributes:
        overlay: What it has read, and is going to change.
    """

    overlay: Overlay


def transact(
    begin: Callable[[], B], fn: Callable[[B], Any], limits: Limits, name: str
) -> Steps[Any]:
    """Call `fn` with a transaction, and commit it; again, if others came in between.

    Args:
        begin: Makes a transaction.
        fn: The user's function, or coroutine function.
        limits: When to give up.
        name: The channel's name, for messages.
    """

    def attempt(owner: str) -> Steps[tuple[Any] | Conflict]:
        transaction = begin()
        overlay = transaction.overlay
        try:
            result = yield CallFunction(fn, transaction)
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
        check_ran(fn, result)
        answers = yield from _commit(overlay, owner)
        if isinstance(answers, Conflict):
            return answers
        return (without_stand_ins(result) if overlay.has_promised else result,)

    # In a tuple, as it may be anything, even a `Conflict`.
    (result,) = yield from insist(attempt, limits, name)
    return result


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


def check_ran(fn: Callable[..., object], result: object) -> None:
    """Check that the function of a transaction has run.

    Raises:
        ChannelTypeError: It is a coroutine function, or a generator function.
    """
    if type(result) is CoroutineType:
        result.close()
        kind = "coroutine"
    elif type(result) in _GENERATORS and (
        inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn)
    ):
        kind = "generator"
    else:
        return
    raise ChannelTypeError(
        f"transact takes a plain function, and {getattr(fn, '__name__', fn)!r} is a {kind} function"
    )


def awaited(fn: Callable[[B], object]) -> Callable[[B], Awaitable[Any]]:
    """Return the function of an awaited transaction, which has to be a coroutine function.

    Raises:
        ChannelTypeError: When it is called: it is a plain one, which can have awaited nothing.
    """

    def call(transaction: B) -> Awaitable[Any]:
        result = fn(transaction)
        if inspect.isawaitable(result):
            return result
        is_generator = type(result) in _GENERATORS
        raise ChannelTypeError(
            f"aio.transact takes a coroutine function, and {getattr(fn, '__name__', fn)!r} is a "
            f"{'generator' if is_generator else 'plain'} function: write `async def`, await each "
            "operation, and yield nothing"
        )

    return call


def _commit(overlay: Overlay, owner: str = "") -> Steps[list[Answer] | Conflict]:
    """Commit what a transaction has read and changed."""
    checks, changes = overlay.checks(owner), overlay.changes
    if not checks and not changes:
        return []
    try:
        answers: list[Answer] | Conflict = yield Commit(checks, changes)
    except Refusal as refused:
        raise misfit(overlay.name, refused) from None
    if overlay.has_promised and not isinstance(answers, Conflict):
        overlay.end(answers)
    return answers
