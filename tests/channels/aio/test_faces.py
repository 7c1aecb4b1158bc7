"""Both faces of a channel have the same operations, with the same parameters."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from graflow import (
    AsyncChannel,
    AsyncKeyedChannel,
    AsyncKeysChannel,
    AsyncTransaction,
    AsyncTypedChannel,
    Channel,
    KeyedChannel,
    KeysChannel,
    Transaction,
    TypedChannel,
)
from tools import async_faces

AIO = async_faces.CHANNELS / "aio"
PAIRS = [
    (Channel, AsyncChannel),
    (TypedChannel, AsyncTypedChannel),
    (KeyedChannel, AsyncKeyedChannel),
    (KeysChannel, AsyncKeysChannel),
    (Transaction, AsyncTransaction),
]
ONLY_IN_THREADS = {"aio", "beside", "is_unfinished", "names_beside", "on", "shared"}
"""What is about the handle, and not about what the channel holds."""


def public(kind: type) -> set[str]:
    """Return the public attributes of a class."""
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize(("face", "awaited"), PAIRS)
def test_they_have_the_same_operations(face: type, awaited: type) -> None:
    """By name, by parameters, and by what they say of themselves."""
    assert public(face) - ONLY_IN_THREADS == public(awaited)
    for name in public(awaited):
        one, other = inspect.getattr_static(face, name), inspect.getattr_static(awaited, name)
        assert isinstance(one, property) == isinstance(other, property), name
        if inspect.isfunction(one):
            first, second = inspect.signature(one), inspect.signature(other)
            assert list(first.parameters) == list(second.parameters), name
            for parameter in first.parameters:
                mine, theirs = first.parameters[parameter], second.parameters[parameter]
                assert (mine.kind, mine.default) == (theirs.kind, theirs.default), name


@pytest.mark.parametrize("awaited", [awaited for _, awaited in PAIRS])
def test_operations_are_coroutine_functions(awaited: type) -> None:
    """So that frameworks that look know them for what they are."""
    for name in public(awaited):
        found = inspect.getattr_static(awaited, name)
        if inspect.isfunction(found):
            is_made_at_once = name in {"iter_keys", "lock", "typed", "keyed", "of", "watch"}
            assert inspect.iscoroutinefunction(found) != is_made_at_once, name


@pytest.mark.needs_system
def test_the_files_are_what_the_tool_writes(tmp_path: Path) -> None:
    """After a change of a face for threads: `python -m tools.async_faces`."""
    async_faces.write(tmp_path)
    for name in async_faces.FACES:
        assert (tmp_path / name).read_text("utf-8") == (AIO / name).read_text("utf-8"), name
