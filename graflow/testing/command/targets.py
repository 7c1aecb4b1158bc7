"""Targets: the arguments of the command line, turned into a harness."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graflow.channels.base import Channel
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelError
from graflow.testing.command.leftovers import contents_of, remove
from graflow.testing.command.preflight import BadTarget, examine, reaching
from graflow.testing.harness import Harness
from graflow.testing.servers import client_of, server_harness
from graflow.testing.trials.trial import PREFIX

__all__ = ["BadTarget", "CleanUpFailed", "Target", "target_of"]

_SCHEMES = ("redis://", "rediss://", "unix://")


class CleanUpFailed(Exception):
    """A factory raised an error when everything was over."""


@dataclass(frozen=True, slots=True)
class Target:
    """A backend to try.

    Attributes:
        name: Its name in the report, without a password.
        will_write: What a run stores there until it ends.
        harness: A context manager that gives its harness, and cleans up.
        says: A remark on the server that matters to channels, if any.
        leaves: What is to be done about keys that are left if the store is gone at the end.
    """

    name: str
    will_write: str
    harness: AbstractContextManager[Harness]
    says: str = ""
    leaves: str = ""


def target_of(
    text: str,
    *,
    beside_others: bool = False,
    may_remove: Callable[[str], bool] = lambda what: False,
) -> Target:
    """Return the target that the command line names.

    Args:
        text: The URL of a server, or `module:factory`; the factory returns a harness, or a
            context manager that gives one.
        beside_others: Whether the database may contain keys of graflow.
        may_remove: Tells whether the leftovers of runs that were killed may be removed; it is
            called with a description of them, if there are any.

    Raises:
        BadTarget: There is no such target, it can't be tried, or the database contains keys of
            graflow.
    """
    if text.startswith(_SCHEMES):
        return _server(text, beside_others, may_remove)
    if ":" in text and "/" not in text:
        return _factory(text)
    raise BadTarget(
        f"{text!r} is neither the URL of a server (redis://host:port/db) nor module:factory"
    )


def _server(url: str, beside_others: bool, may_remove: Callable[[str], bool]) -> Target:
    try:
        channel = RedisChannel(f"{PREFIX}probe", url=url)
    except ChannelError as error:
        raise BadTarget(str(error)) from error
    name = repr(channel).partition(", ")[2].rstrip(")")
    server = examine(url, name)
    with reaching(name):
        _make_room(url, name, server.is_cluster, beside_others, may_remove)
    will_write = (
        f"channels called {PREFIX}..., that is, keys that begin with "
        f"graflow:{{{PREFIX}; it removes them at the end"
    )
    return Target(
        name,
        will_write,
        _reached(name, server_harness(url, cluster=server.is_cluster)),
        server.says,
        "What this run wrote may still be there: a run with --remove-leftovers removes it, a "
        "minute from now.",
    )


def _make_room(
    url: str, name: str, cluster: bool, beside_others: bool, may_remove: Callable[[str], bool]
) -> None:
    """Require a database without keys of graflow, or the permission to use it for all that."""
    with client_of(url, cluster=cluster) as client:
        contents = contents_of(client)
        if contents.left and may_remove(f"{name} contains {contents.summary}"):
            remove(client, contents)
        elif contents.left and not beside_others:
            raise BadTarget(
                f"{name} contains {contents.summary}, which was killed. To remove them, pass "
                "--remove-leftovers; to leave them there, --beside-others"
            )
    if beside_others:
        return
    if contents.other is not None:
        raise BadTarget(
            f"{name} already contains keys of graflow, such as {contents.other!r}. The run would "
            "leave them alone; to use this database anyway, pass --beside-others, or name another "
            "one"
        )
    if contents.running:
        raise BadTarget(
            f"another run of this suite is under way in {name}. They would leave each other "
            "alone; to begin nevertheless, pass --beside-others, or name another database"
        )


@contextmanager
def _reached(name: str, harness: AbstractContextManager[Harness]) -> Iterator[Harness]:
    with ExitStack() as stack:
        with reaching(name):
            entered = stack.enter_context(harness)
        yield entered


def _factory(text: str) -> Target:
    module_name, _, name = text.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does, unless `-P` is given
    try:
        factory = getattr(importlib.import_module(module_name), name)
    except (Exception, SystemExit) as error:
        raise BadTarget(f"{text} can't be imported: {_said(error)}") from error
    if not callable(factory):
        raise BadTarget(f"{text} is a {type(factory).__name__}, not a function")
    return Target(text, f"channels called {PREFIX}..., which it clears", _entered(text, factory))


@contextmanager
def _entered(text: str, factory: Any) -> Iterator[Harness]:
    with ExitStack() as stack:
        try:
            harness = factory()
            if hasattr(harness, "__enter__"):
                harness = stack.enter_context(harness)
        except Exception as error:
            raise BadTarget(f"{text} raised {_said(error)}") from error
        if not isinstance(harness, Harness):
            raise BadTarget(f"{text} gives a {type(harness).__name__}, not a Harness")
        _require_channels(text, harness)
        yield harness
        try:
            stack.close()
        except Exception as error:
            raise CleanUpFailed(f"{text} raised {_said(error)}") from error


def _require_channels(text: str, harness: Harness) -> None:
    """Require that the harness opens channels, and offers no more than it promises."""
    try:
        harness.capabilities.require_fit(harness)
    except ValueError as error:
        raise BadTarget(f"{text}: {error}") from error
    try:
        with harness.open(f"{PREFIX}probe") as channel:
            kind = type(channel)
    except Exception as error:
        raise BadTarget(f"{text}: `open` of its harness raised {_said(error)}") from error
    if not issubclass(kind, Channel):
        raise BadTarget(f"{text}: `open` of its harness gives a {kind.__name__}, not a Channel")


def _said(error: BaseException) -> str:
    """Return the type and the message of an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
