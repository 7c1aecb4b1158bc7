"""Writes the faces of channels on an event loop, from those for threads.

    python -m tools.async_faces [FOLDER]

Each method of `Channel`, `TypedChannel`, `KeyedChannel` and `KeysChannel` that performs an
operation becomes a coroutine function of the same name, with the same parameters and the same
docstring, that awaits the same operation. What is not an operation (making a face, locks,
transactions) is written by hand here, at the head of each class. A test looks whether the files are
what this writes.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

__all__ = ["FACES", "write"]

ROOT = Path(__file__).parent.parent
CHANNELS = ROOT / "graflow/channels"

WORDS = {  # of signatures and docstrings
    "Callable[[T], T]": "Callable[[T], T | Awaitable[T]]",
    "Callable[[Any], Any]": "Callable[[Any], Any | Awaitable[Any]]",
    "Updatable[": "UpdatableOnLoop[",
    "        `fn` may run several times: it is called again whenever somebody wrote in between.": (
        "        `fn` may be a coroutine function. It may run several times: it is called again\n"
        "        whenever somebody wrote in between."
    ),
}

SPECIAL = {  # in threads these take a short cut
    "set": "await self._perform(self._operations.set(key, value, ttl, if_etag=if_etag))",
    "get": "return await self._perform(self._operations.get(key, default))",
}
IN_STEPS = {  # what threads do at once
    "self._push(self._operations, key, value, ttl, at_head=False)": (
        "self._perform(self._operations.append(key, value, ttl))"
    ),
    "self._push(self._operations, key, value, ttl, at_head=True)": (
        "self._perform(self._operations.prepend(key, value, ttl))"
    ),
}
SET_OF_ANY = "await self._perform(self._operations.set(key, *args, **kwargs))"

LOCK = '''
    def lock(
        self, key: str, timeout: Seconds = 10.0, lease: Seconds = 30.0
    ) -> AsyncChannelLock:
        """Return an async context manager that holds the lock called `key` while its body runs.

        It is the lock of `Channel.lock`, which threads and other processes may hold as well. A
        task that waits for it lets others go on, those of its own thread included.

        Args:
            key: {key}
            timeout: Seconds to wait for the lock, >= 0; 0 tries once.
            lease: Seconds after which the lock of a dead process becomes free, > 0. While its
                holder lives the lease is renewed, so the body may take longer.

        Raises:
            ChannelTimeoutError: On entry: the lock did not become free within `timeout`.
            LockReentryError: On entry: this asyncio task already holds it.
            LockLostError: On exit: the lease could not be renewed, so someone else may have
                held the lock while the body ran.
            OutcomeUnknownError: The lock may have been taken; it is released in the background.
        """
        return AsyncChannelLock(self.backend, {checked}, timeout, lease)
'''

WATCH = '''
    def watch(
        self, key: str | None = None, *, prefix: str | None = None, start: bool = True
    ) -> AsyncWatch:
        """Return an asynchronous iterator over the changes of the channel; see `Channel.watch`.

            async with channel.aio.watch(prefix="order:") as changes:
                async for change in changes:
                    print(change.key, change.kind, change.etag)

        Args:
            key: The only key to watch{key}.
            prefix: What the keys to watch begin with.
            start: Whether the first changes are the keys that exist already. Otherwise they are
                known when the `async with` block is entered, or the first change is awaited.

        Raises:
            ChannelTypeError: Both a key and a prefix are given; or it is a transaction.
        """
        return AsyncWatch(self.backend, self._operations.selection(key, prefix), start=start)
'''

ITER_KEYS = '''
    async def iter_keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Yield the channel's keys as they are found; see `Channel.iter_keys`."""
        stored = self._operations.stored_prefix(prefix)
        async for some in self.backend.scan(stored):
            for key in visible_keys(some):
                yield key
'''

CHANNEL = (
    '''
"""`AsyncChannel`: a channel on an event loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Missing, Seconds, check_key
from graflow.channels.backend import AsyncBackend
from graflow.channels.hidden_keys import visible_keys
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.plain_operations import PlainOperations
from graflow.channels.overlay.transacting import awaited, limits_of, transact
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

if TYPE_CHECKING:
    from graflow.channels.aio.async_keys_channel import AsyncKeysChannel
    from graflow.channels.aio.async_transaction import AsyncTransaction
    from graflow.channels.keys.keys import Keys

__all__ = ["AsyncChannel"]

C = TypeVar("C", bound="Keys")
R = TypeVar("R")


class AsyncChannel(AsyncHandle):
    """A channel on an event loop: the operations of `Channel`, to be awaited.

    `channel.aio` is one. It has the same keys, values and locks as `channel`, and as the handles
    of other threads and processes. An operation that is cancelled raises `CancelledError` once it
    is known what became of it: a change has happened by then, or never will. One channel serves
    any number of tasks, and the loops of several threads.
    """

    def __init__(self, backend: AsyncBackend) -> None:
        """Open a handle on the channel that a backend keeps; `channel.aio` does it."""
        self.backend = backend
        self._operations = PlainOperations(backend.blocking)

    @even_unfinished
    def __repr__(self) -> str:
        """Show the class, the name and the address, without user and password."""
        address = self.backend.blocking.address
        return f"{type(self).__name__}({self.name!r}{f', {address}' if address else ''})"

    def of(self, keys: type[C], *, strict: bool = True) -> AsyncKeysChannel[C]:
        """Return the channel with the keys that a class declares; see `Channel.of`."""
        # Not at the top: it is made of a channel.
        from graflow.channels.aio.async_keys_channel import AsyncKeysChannel  # noqa: PLC0415

        return AsyncKeysChannel(self, keys, strict=strict)

    async def transact(
        self,
        fn: Callable[[AsyncTransaction], Awaitable[R]],
        *,
        attempts: int | None = None,
        timeout: Seconds | None = None,
    ) -> R:
        """Do several operations at one moment: all of them, or none; see `Channel.transact`.

            async def pay(tx: AsyncTransaction) -> None:
                if await tx.get("ann") < 70:
                    raise ValueError("not enough money")
                await tx.atomic_add("ann", -70)
                await tx.atomic_add("bob", 70)

            await bank.aio.transact(pay)

        Args:
            fn: A coroutine function that takes the transaction. If it raises, nothing changes.
            attempts: How often `fn` may be called, >= 1. `None`: as often as there is time.
            timeout: Seconds within which the last attempt may begin, > 0; by default the
                channel's `timeout` (5 s in memory).

        Returns:
            What `fn` returned.

        Raises:
            ChannelConflictError: Others kept changing what `fn` had read; nothing changed.
                Transactions and updates alone do not cause this, since they take turns.
            ChannelTypeError: A change does not fit what its key holds, or `fn` is a plain
                function; nothing changed.
        """
        # Not at the top: a transaction is a channel.
        from graflow.channels.aio.async_transaction import AsyncTransaction  # noqa: PLC0415

        limits = limits_of(attempts, timeout, self.backend.timeout)
        begin = partial(AsyncTransaction, self.backend)
        result: R = await self._perform(transact(begin, awaited(fn), limits, self.name))
        return result
'''
    + LOCK.format(key="Non-empty text.", checked="check_key(key)")
    + WATCH.format(key="")
    + ITER_KEYS
)

TYPED = (
    '''
"""`AsyncTypedChannel`: a typed channel on an event loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, overload

from typing_extensions import TypeForm

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Missing, Seconds, check_key
from graflow.channels.hidden_keys import visible_keys
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.typed_operations import TypedOperations
from graflow.channels.schema import schema_of
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

__all__ = ["AsyncTypedChannel"]

T = TypeVar("T")
D = TypeVar("D")


class AsyncTypedChannel(AsyncHandle, Generic[T]):
    """A typed channel on an event loop: the operations of `TypedChannel`, to be awaited."""

    def __init__(
        self, channel: AsyncChannel, schema: TypeForm[T], *, strict: bool = True
    ) -> None:
        """Put a schema in front of a channel; see `TypedChannel`."""
        self._channel = channel
        self.backend = channel.backend
        self._schema = schema_of(schema, strict=strict)
        self._operations = TypedOperations(channel.backend.blocking, self._schema)

    @property
    def channel(self) -> AsyncChannel:
        """The channel that stores the values."""
        return self._channel

    @property
    def schema(self) -> TypeForm[T]:
        """The type of the values."""
        return self._schema.form

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the schema."""
        return f"{type(self).__name__}({self._channel!r}, {self._schema.name})"
'''
    + LOCK.format(key="Non-empty text.", checked="check_key(key)")
    + WATCH.format(key="")
    + ITER_KEYS
)

KEYED = (
    '''
"""`AsyncKeyedChannel`: a keyed channel on an event loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from typing_extensions import TypeForm

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Missing, Seconds
from graflow.channels.listed_keys import TypedDictKeys
from graflow.channels.operation.entry import Entry
from graflow.channels.operation.keyed_operations import KeyedOperations
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

__all__ = ["AsyncKeyedChannel"]

S = TypeVar("S")


class AsyncKeyedChannel(AsyncHandle, Generic[S]):
    """A keyed channel on an event loop: the operations of `KeyedChannel`, to be awaited."""

    def __init__(
        self, channel: AsyncChannel, schema: TypeForm[S], *, strict: bool = True
    ) -> None:
        """Put a `TypedDict` in front of a channel; see `KeyedChannel`."""
        self._channel = channel
        self.backend = channel.backend
        self._form = schema
        listing = TypedDictKeys(schema, strict=strict)
        self._name = listing.title
        self._operations = KeyedOperations(channel.backend.blocking, listing)

    @property
    def channel(self) -> AsyncChannel:
        """The channel that stores the values."""
        return self._channel

    @property
    def schema(self) -> TypeForm[S]:
        """The `TypedDict` that lists the keys."""
        return self._form

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the schema."""
        return f"{type(self).__name__}({self._channel!r}, {self._name})"
'''
    + LOCK.format(key="One of the schema's keys.", checked="self._operations.check_lock(key)")
    + WATCH.format(key=", one of the schema's")
)

KEYS = (
    '''
"""`AsyncKeysChannel`: a channel of declared keys on a loop. Written by `tools/async_faces.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, ParamSpec, overload

from typing_extensions import TypeVar

from graflow.channels.aio.async_channel import AsyncChannel
from graflow.channels.aio.async_handle import AsyncHandle
from graflow.channels.aio.async_lock import AsyncChannelLock
from graflow.channels.arguments import MISSING, Seconds
from graflow.channels.keys.key import Key
from graflow.channels.keys.key_pattern import KeyPattern
from graflow.channels.keys.keys import Keys
from graflow.channels.keys.keys_listing import KeysListing
from graflow.channels.keys.keys_operations import KeysOperations
from graflow.channels.keys.operands import (
    Addable,
    Appendable,
    Readable,
    Settable,
    UpdatableOnLoop,
)
from graflow.channels.keys.values import Values
from graflow.channels.operation.entry import Entry
from graflow.channels.unfinished import even_unfinished
from graflow.channels.watching.watch import AsyncWatch

__all__ = ["AsyncKeysChannel"]

C_co = TypeVar("C_co", bound=Keys, covariant=True)
T = TypeVar("T")
D = TypeVar("D")
X = TypeVar("X")
P = ParamSpec("P")


class AsyncKeysChannel(AsyncHandle, Generic[C_co]):
    """A channel of declared keys on an event loop: the operations of `KeysChannel`, to be awaited.

    `channel.aio.of(Pipeline)` is one.
    """

    def __init__(
        self, channel: AsyncChannel, keys: type[C_co], *, strict: bool = True, results: str = ""
    ) -> None:
        """Put a class of keys in front of a channel; see `KeysChannel`."""
        self._channel = channel
        self.backend = channel.backend
        self._keys = keys
        listing = KeysListing(keys, strict=strict, results=results)
        self._operations = KeysOperations(channel.backend.blocking, listing)

    @property
    def channel(self) -> AsyncChannel:
        """The channel that stores the values."""
        return self._channel

    @property
    def schema(self) -> type[C_co]:
        """The class that declares the keys."""
        return self._keys

    @even_unfinished
    def __repr__(self) -> str:
        """Show the channel and the class."""
        return f"{type(self).__name__}({self._channel!r}, {self._keys.__name__})"
'''
    + LOCK.format(
        key="One of the class's keys.", checked="self._operations.check_lock(key)"
    ).replace("key: str", "key: Key[Any, C_co]")
    + '''
    def watch(
        self, key: Key[Any, C_co] | KeyPattern[Any, C_co] | None = None, *, start: bool = True
    ) -> AsyncWatch:
        """Return an asynchronous iterator over the changes of the class's keys.

        See `AsyncChannel.watch`.

        Args:
            key: The only key to watch, or the pattern of those to watch.
            start: Whether the first changes are the keys that exist already.

        Raises:
            ChannelValueError, ChannelTypeError: The class has no such key, or no such pattern.
        """
        return AsyncWatch(self.backend, self._operations.watched(key), start=start)
'''
)

FACES = {
    "async_channel.py": ("base.py", "Channel", CHANNEL),
    "async_typed_channel.py": ("typed.py", "TypedChannel", TYPED),
    "async_keyed_channel.py": ("keyed.py", "KeyedChannel", KEYED),
    "async_keys_channel.py": ("keys_channel.py", "KeysChannel", KEYS),
}
"""By the name of the file: whose methods it has, and how it begins."""


def write(folder: Path) -> None:
    """Write all faces into a folder."""
    for name, (source, title, head) in FACES.items():
        program = (CHANNELS / source).read_text("utf-8")
        for at_once, in_steps in IN_STEPS.items():
            program = program.replace(at_once, in_steps)
        methods = _methods(program, title)
        text = dedent(head).lstrip() + "".join(methods)
        (folder / name).write_text(text, "utf-8")
    files = [str(folder / name) for name in FACES]
    for command in (("check", "--fix-only"), ("format",)):
        settings = ("--quiet", "--config", str(ROOT / "pyproject.toml"))
        subprocess.run(
            [sys.executable, "-m", "ruff", *command, *settings, *files], check=True, cwd=ROOT
        )


def _methods(source: str, title: str) -> Iterator[str]:
    """Yield the coroutine functions of a face, with the comments that part them."""
    lines = source.splitlines(keepends=True)
    (face,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == title
    )
    for node in face.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            first = node.lineno
            if node.decorator_list:
                first = node.decorator_list[0].lineno
            text = "".join(lines[first - 1 : node.end_lineno])
            is_overload = "@overload" in text
            if is_overload or "self._perform(self._operations" in text or _is_short_cut(node):
                yield "\n" * (not is_overload) + _awaited(node, lines, first)


def _is_short_cut(node: ast.FunctionDef) -> bool:
    return node.name in SPECIAL and not node.decorator_list


def _awaited(node: ast.FunctionDef, lines: list[str], first: int) -> str:
    """Return the coroutine function for a method."""
    begins = node.body[0].end_lineno or 0  # where the docstring ends, or the line is `...`
    signature = "".join(lines[first - 1 : begins]).replace("    def ", "    async def ", 1)
    for word, other in WORDS.items():
        signature = signature.replace(word, other)
    body = "".join(lines[begins : node.end_lineno])
    if _is_short_cut(node):
        body = f"        {SET_OF_ANY if node.args.vararg else SPECIAL[node.name]}\n"
    return signature + body.replace("self._perform(", "await self._perform(").replace(
        "await await", "await"
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else CHANNELS / "aio")
