"""Failures of the command: what is said of them, and the exit statuses that stand for them."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Final, NoReturn, ParamSpec

import typer

from graflow.exceptions import (
    ChannelKeyError,
    ChannelNotFoundError,
    ChannelValidationError,
    GraflowError,
    RunNotFoundError,
)

__all__ = ["NOT_THERE", "UNUSABLE", "BadArgument", "NotThere", "answering", "note"]

P = ParamSpec("P")

NOT_THERE: Final = 1
"""The exit status if what was asked for is not there, or not as it should be."""

UNUSABLE: Final = 2
"""The exit status if nothing could be tried."""

_INTERRUPTED: Final = 130  # as shells have it
_NOBODY_READS: Final = 141  # as shells have it for a program that a closed pipe ends


class NotThere(Exception):
    """What was asked for is not there, or not as it should be, as the message says."""


class BadArgument(Exception):
    """Nothing can be tried, for the reason that the message gives."""


def answering(function: Callable[P, None]) -> Callable[P, None]:
    """Have a command exit as it should, with a sentence, whatever it raises."""

    @functools.wraps(function)
    def answer(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_unread(_NOBODY_READS)
        except (KeyboardInterrupt, typer.Abort):
            raise typer.Exit(_INTERRUPTED) from None
        except ChannelValidationError as error:
            _fail("\n  ".join([_summary(error), *map(str, error.errors)]), NOT_THERE)
        except (ChannelKeyError, ChannelNotFoundError, RunNotFoundError, NotThere) as error:
            _fail(error, NOT_THERE)
        except (GraflowError, BadArgument) as error:
            _fail(error, UNUSABLE)
        except OSError as error:  # such as of a full disk that the output goes to
            sys.stderr.write(f"graflow: {error}\n")
            _leave_unread(UNUSABLE)

    return answer


def note(text: object) -> None:
    """Say something that is no part of the answer."""
    sys.stdout.flush()
    sys.stderr.write(f"graflow: {text}\n")


def _summary(error: ChannelValidationError) -> str:
    which = "the value" if error.key is None else f"the value of {error.key!r}"
    return f"{which} does not fit {error.schema}:"


def _fail(what: object, status: int) -> NoReturn:
    note(what)
    raise typer.Exit(status)


def _leave_unread(status: int) -> NoReturn:
    """Exit where the output goes nowhere any more; also when Python flushes it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    raise typer.Exit(status)
