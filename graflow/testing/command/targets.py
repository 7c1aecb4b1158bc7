"""Targets: the arguments of the command line, turned into a harness."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from graflow.channels.redis.connections import ClientSender
from graflow.channels.redis.errors import evicting
from graflow.channels.redis.eviction import policy_of
from graflow.channels.redis_channel import RedisChannel
from graflow.exceptions import ChannelError
from graflow.testing.harness import Harness
from graflow.testing.servers import BATCH, server_harness
from graflow.testing.trials.trial import PREFIX

__all__ = ["BadTarget", "Target", "target_of"]

_SCHEMES = ("redis://", "rediss://", "unix://")


class BadTarget(Exception):
    """Nothing can be tried, for the reason that the message gives."""


@dataclass(frozen=True, slots=True)
class Target:
    """A backend to try.

    Attributes:
        name: Its name in the report, without a password.
        will_write: What a run stores there until it ends.
        harness: A context manager that gives its harness, and cleans up.
        says: A remark on the server that matters to channels, if any.
    """

    name: str
    will_write: str
    harness: AbstractContextManager[Harness]
    says: str = ""


def target_of(text: str, *, beside_others: bool = False) -> Target:
    """Return the target that the command line names.

    Args:
        text: The URL of a server, or `module:factory`; the factory returns a harness, or a
            context manager that gives one.
        beside_others: Whether the database may contain keys of graflow.

    Raises:
        BadTarget: There is no such target, or the database contains keys of graflow.
    """
    if text.startswith(_SCHEMES):
        return _server(text, beside_others)
    if ":" in text and "/" not in text:
        return _factory(text)
    raise BadTarget(
        f"{text!r} is neither the URL of a server (redis://host:port/db) nor module:factory"
    )


def _server(url: str, beside_others: bool) -> Target:
    try:
        channel = RedisChannel(f"{PREFIX}probe", url=url)
    except ChannelError as error:
        raise BadTarget(str(error)) from error
    name = repr(channel).partition(", ")[2].rstrip(")")
    with redis.Redis.from_url(url) as client:
        try:
            found = next(client.scan_iter(match="graflow:*", count=BATCH), None)
            policy = policy_of(ClientSender(client), None)
        except redis.RedisError as error:
            raise BadTarget(f"{name} can't be reached: {error}") from error
    if policy is not None and not policy.is_safe:
        raise BadTarget(str(evicting(name, policy)))
    if found is not None and not beside_others:
        raise BadTarget(
            f"{name} already contains keys of graflow, such as {found!r}. The run would leave them "
            "alone; to use this database anyway, pass --beside-others, or name another one"
        )
    will_write = (
        f"channels called {PREFIX}..., that is, keys that begin with "
        f"graflow:{{{PREFIX}; it removes them at the end"
    )
    says = f"It has {policy}." if policy else "This user may not read its maxmemory-policy."
    return Target(name, will_write, server_harness(url), says)


def _factory(text: str) -> Target:
    module_name, _, name = text.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # as `python -m` does, unless `-P` is given
    try:
        factory = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise BadTarget(f"{text} can't be imported: {error}") from error
    return Target(text, f"channels called {PREFIX}..., which it clears", _entered(text, factory))


@contextmanager
def _entered(text: str, factory: Any) -> Iterator[Harness]:
    with ExitStack() as stack:
        try:
            harness = factory()
            if hasattr(harness, "__enter__"):
                harness = stack.enter_context(harness)
        except Exception as error:
            raise BadTarget(f"{text} raised {type(error).__name__}: {error}") from error
        if not isinstance(harness, Harness):
            raise BadTarget(f"{text} gives a {type(harness).__name__}, not a Harness")
        yield harness
