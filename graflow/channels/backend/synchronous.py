"""`Backend`: reads, and one conditional commit for everything that changes a channel.

A backend knows nothing of values, schemas or users: it keeps records under keys. What it has to
write is `Backend.read`, `commit`, `keys` and `clear`; everything else is made of these, and may be
overridden where the store has a faster way that means the same.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from graflow.channels import arguments
from graflow.channels.backend.by_calls import PromptBackend, ThreadedBackend
from graflow.channels.backend.extents import Extent, extent_of
from graflow.channels.backend.signals import Signals, WaitingLine, signals_of
from graflow.channels.codec.codec import Record
from graflow.channels.codec.digests import digest_of
from graflow.channels.commits.commit import (
    Answer,
    Change,
    Check,
    Conflict,
    Delete,
    Expire,
    Held,
    Holds,
    NotAList,
    Put,
    Steps,
)
from graflow.channels.commits.lock_records import holder_in, lock_record, read_lock
from graflow.channels.hidden_keys import FENCES, lock_key
from graflow.channels.locks.fences import next_fence
from graflow.exceptions import ChannelTypeError
from graflow.system.wakers import ThreadWaker

if TYPE_CHECKING:
    from graflow.channels.backend.asynchronous import AsyncBackend
    from graflow.channels.backend.fence import Fence

__all__ = ["Backend"]

R = TypeVar("R")

_FENCE_KEPT: Final = 86_400_000  # ms; without the counter a clock that is set back would count


class Backend(ABC):
    """The place where a channel keeps its records.

    Keys are checked, non-empty text. Those that begin with `hidden_keys.KEPT` hold what graflow
    keeps about the channel: `keys` and `clear` leave them alone unless they are asked for.

    Attributes:
        name: The channel's name. Backends of different names never see each other's keys.
        shared: Whether the keys live outside this process, where other processes reach them.
        server: A name that tells the server of the keys from others, without credentials. It
            survives a restart of the server, and is empty for a channel without one.
        prompt: Whether a call never waits for a server, a file or a device, so that it can be made
            on an event loop.
        timeout: For how many seconds transactions and updates start over while others write in
            between.
    """

    shared: bool = True
    server: str = ""
    prompt: bool = False
    timeout: float = 5.0

    def __init__(self, name: str) -> None:
        """Take the channel's name, non-empty text."""
        self.name = arguments.check_name(name)

    # What every backend writes

    @abstractmethod
    def read(self, keys: Sequence[str]) -> Sequence[Held | None]:
        """Return what each of `keys` holds at one moment; a list is the caller's own."""

    @abstractmethod
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        """Make all `changes`, one after the other, if all `checks` hold; once, and at one moment.

        Nobody ever sees a part of it. For a backend that can hold its store still meanwhile,
        `graflow.channels.commits.settling.settle` does the work.

        Returns:
            An answer for each change, or the check that does not hold.

        Raises:
            NotAList, NotANumber: A change does not fit what its key holds; nothing happened.
            ChannelOverflowError: A sum is too large; nothing happened.
        """

    @abstractmethod
    def keys(self, *, kept: bool = False) -> list[str]:
        """Return all live keys, in any order, at a cost that grows with this channel only.

        Args:
            kept: Whether those are meant that begin with `KEPT`, and no others.
        """

    @abstractmethod
    def clear(self, *, kept: bool = False) -> None:
        """Remove all keys; with `kept`, also those that begin with `KEPT`.

        Up to 10,000 keys go at one moment; of more, some may go before others.
        """

    # What a backend may know a faster way for

    def get(self, key: str) -> Record | None:
        """Return the record of a key."""
        held = self.read((key,))[0]
        return None if held is None else held.record

    def scan(self, prefix: str = "", *, kept: bool = False) -> Iterator[list[str]]:
        """Yield the live keys that begin with `prefix`, some at a time, in any order.

        A key that is there from the first step to the last comes once; others may come or not. No
        step takes the store for long, and all together they take little memory.

        Args:
            prefix: What the keys begin with, as this backend stores them.
            kept: As for `keys`.
        """
        found = self.keys(kept=kept)
        yield [key for key in found if key.startswith(prefix)] if prefix else found

    def head(self, key: str, count: int) -> list[bytes]:
        """Return the first `count` items of a list; no more than it has, so none of no list.

        Raises:
            NotAList: The key holds a value.
        """
        record = self.get(key)
        if isinstance(record, bytes):
            raise NotAList(key)
        return record[:count] if record else []

    def perform(self, steps: Steps[R]) -> R:
        """Carry out an operation, and return its result."""
        ended: StopIteration | None = None  # as a user's function raised it
        try:
            step = next(steps)
            while True:
                try:
                    ask = getattr(step, "ask", None)
                    answer = self.apply(step) if ask is None else ask(self)  # type: ignore[arg-type]
                except BaseException as error:  # noqa: BLE001 - the operation may have to undo
                    ended = error if isinstance(error, StopIteration) else ended
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result
        except RuntimeError as error:
            if ended is None or error.__cause__ is not ended:
                raise
            raise ended from None  # a generator can't let it pass as it is

    def undivided(self, operation: Callable[[], Steps[R]]) -> tuple[R, BaseException | None]:
        """Carry out an operation, and return its result; nobody cancels a thread."""
        return self.perform(operation()), None

    def insisted(self, operation: Callable[[], Steps[R]]) -> R:
        """Carry out an operation for a caller that is being interrupted already."""
        return self.perform(operation())

    def exist(self, keys: Sequence[str]) -> list[bool]:
        """Tell of each of `keys` whether it exists, at one moment."""
        return [held is not None for held in self.read(keys)]

    def digests(self, keys: Sequence[str]) -> list[str | None]:
        """Return `digest_of` what each of `keys` holds at one moment; `None` if it is nothing."""
        return [None if held is None else digest_of(held.record) for held in self.read(keys)]

    def measure(self, keys: Sequence[str]) -> list[Extent | None]:
        """Return how much each of `keys` holds; `None` if it is nothing."""
        return list(map(extent_of, self.read(keys)))

    def put(self, key: str, record: Record, ttl: int | None) -> None:
        """Let a key hold a record, as `Put` does."""
        self.apply(Put(key, record, ttl))

    def apply(self, change: Change) -> Any:
        """Make one change, whatever the channel holds, and return its answer."""
        answers = self.commit((), (change,))
        assert not isinstance(answers, Conflict)
        return answers[0]

    def acquire(self, lock: str, owner: str, lease: int, least: int = 0) -> int | str:
        """Take a lock for `lease` ms, if it is free or already held by `owner`.

        Args:
            lock: The lock's name.
            owner: The name of the owner who asks.
            lease: Milliseconds until the lock expires.
            least: The least fencing number to return, even for a lock that `owner` holds.

        Returns:
            The lock's fencing number, which grows with every new holder (see `next_fence`); or
            the name of its current owner, or of the one who is next in the queue.
        """
        while True:
            held, counter = self.read((lock_key(lock), FENCES))
            number, holder = (0, owner) if held is None else read_lock(held.record)
            if holder != owner:
                return holder
            last = 0 if counter is None else int(counter.record)  # type: ignore[arg-type]
            fence = next_fence(last, least) if held is None else max(number, least)
            checks = [Holds(lock_key(lock), held and held.record)]
            checks.append(Holds(FENCES, counter and counter.record))
            changes = [Put(lock_key(lock), lock_record(fence, owner), lease)]
            changes.append(Put(FENCES, b"%d" % max(fence, last), _FENCE_KEPT))
            if not isinstance(self.commit(checks, changes), Conflict):
                return fence

    def line_up(self, lock: str, owner: str, patience: int) -> int:
        """Give `owner` a place in the queue for a lock, behind those who came earlier.

        The place lapses `patience` ms from now unless the owner asks again; 0 leaves the queue
        at once. A backend without a queue is correct too, but its locks go to anyone who happens
        to ask at the right moment.

        Returns:
            The number of owners ahead in the queue.
        """
        return 0

    def renew(self, lock: str, owner: str, lease: int) -> bool:
        """Let a lock expire `lease` ms from now if `owner` holds it; tell whether it does."""
        return self._as_holder(lock, owner, Expire(lock_key(lock), lease))

    def release(self, lock: str, owner: str) -> bool:
        """Release a lock if `owner` holds it; tell whether it did."""
        return self._as_holder(lock, owner, Delete(lock_key(lock)))

    def _as_holder(self, lock: str, owner: str, change: Change) -> bool:
        record = self.get(lock_key(lock))
        if record is None or holder_in(record) != owner:
            return False
        # Only an acquisition by the same owner changes the record, and that is over by now.
        return not isinstance(self.commit((Holds(lock_key(lock), record),), (change,)), Conflict)

    # What is not about records

    def signals(self) -> Signals:
        """Return the signals of this channel, the same for all its handles in this process.

        By default nobody tells of changes, and whoever waits looks again and again.
        """
        place = (type(self), self.server, self.name) if self.server else ()
        return signals_of(self, *place)

    def sleep(self, seconds: float) -> None:
        """Let others go on for so many seconds."""
        time.sleep(seconds)

    def call(self, function: Callable[[Any], Any], argument: Any) -> Any:
        """Call a function of the user's, and return what it returns."""
        return function(argument)

    def line_of_loop(self, lock: str) -> WaitingLine | None:
        """Return the line of those who wait for a lock on this event loop; threads have none."""

    def let_go(self, lock: str, owner: str) -> bool:
        """Release a lock, and let whoever is next know."""
        return self.release(lock, owner)

    def waker(self) -> ThreadWaker:
        """Return something that wakes this thread."""
        return ThreadWaker()

    # Handles

    @property
    def blocking(self) -> Backend:
        """The form of this backend that threads use: itself."""
        return self

    @property
    def fresh(self) -> Backend:
        """The form of this backend that reads nothing from a cache; itself if it has none.

        It is for whoever decides by what it reads.
        """
        return self

    def asynchronous(self) -> AsyncBackend:
        """Return the form of this backend that coroutines use.

        By default that calls this one: at once if it is `prompt`, else in threads. A backend with
        an asynchronous client has a faster form.
        """
        form = PromptBackend if self.prompt else ThreadedBackend
        return form(self)

    def fenced(self, fence: Fence) -> Backend:
        """Return a backend of the same channel that changes nothing once a fence is passed.

        Its changes raise `RunSupersededError` then.
        """
        from graflow.channels.backend.in_front import FencedBackend  # noqa: PLC0415 - it is one

        return FencedBackend(self, fence)

    @property
    def address(self) -> str:
        """The server's address as it is shown, without credentials; empty if there is none."""
        return self.server

    def close(self) -> None:
        """Release what this backend opened (connections, a server); the stored data stays."""

    def beside(self, name: str) -> Backend:
        """Return a backend of another channel on the same server.

        Raises:
            ChannelTypeError: This backend can't say which that would be.
        """
        raise ChannelTypeError(f"a {type(self).__name__} can't open another channel by itself")

    def names_beside(self) -> Iterator[str]:
        """Yield the names of the channels on the same server that hold something, each once.

        Raises:
            ChannelTypeError: This backend does not know the others.
        """
        raise ChannelTypeError(f"a {type(self).__name__} does not know of other channels")

    def reopened(self) -> Backend:
        """Return a backend of the same channel that goes on after this one is closed.

        It frees locks in the background. A backend whose `close` closes nothing, or nothing that
        locks need, returns itself.
        """
        return self

    def __repr__(self) -> str:
        """Show the class and the name."""
        return f"{type(self).__name__}({self.name!r})"
