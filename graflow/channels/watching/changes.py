"""Changes of a channel as a watcher is told them: what differs from what it was told before."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal, NamedTuple

from graflow.channels.backend import Signals, Subscription
from graflow.channels.commits.commit import Steps
from graflow.channels.hidden_keys import is_visible, shown_key
from graflow.channels.operation.reads import Digests, ListKeys
from graflow.channels.operation.waiting_requests import NewWaker, WaitFor
from graflow.exceptions import ChannelError
from graflow.system.forks import guard
from graflow.system.wakers import LoopWaker, ThreadWaker

__all__ = ["KeyChange", "News", "Selection"]

_AT_ONCE: Final = 1_000  # keys that are looked at in one request


_MANY: Final = 1_000  # pieces of news; then one look at everything is less


class KeyChange(NamedTuple):
    """What became of a key, as `watch` tells it.

    Attributes:
        key: The key.
        kind: `"set"` if it holds something that it did not hold before; `"deleted"` if it is gone,
            also because it has expired.
        etag: That of `entry(key)`, as long as the key holds the same; `None` if it is gone.
    """

    key: str
    kind: Literal["set", "deleted"]
    etag: str | None


class Selection(NamedTuple):
    """The keys that somebody watches.

    Attributes:
        keys: These, as they are stored; `None`: all that begin with the prefix.
        prefix: What the keys begin with, as users see them.
        suits: Tells of a key, as users see it, whether it is one of them; `None`: any is.
    """

    keys: frozenset[str] | None = None
    prefix: str = ""
    suits: Callable[[str], bool] | None = None

    def has(self, key: str) -> bool:
        """Tell whether a stored key is one of them."""
        if self.keys is not None:
            return key in self.keys
        if not is_visible(key):
            return False
        shown = shown_key(key)
        return shown.startswith(self.prefix) and (self.suits is None or self.suits(shown))


class News:
    """What a watcher has not been told yet.

    It is told how a key differs from what it was told last. What changes several times meanwhile is
    told once, and what is as it was before is not told at all.

    Attributes:
        is_over: Whether nobody wants to be told any more.
    """

    def __init__(self, signals: Signals, selection: Selection, name: str) -> None:
        """Be told of changes from now on.

        Args:
            signals: They tell which keys may have changed.
            selection: The keys that matter.
            name: The channel's.
        """
        self._name = name
        self._selection = selection
        self._signals = signals
        self._told: dict[str, str] = {}  # the etags by which the watcher knows what keys hold
        self._found: deque[KeyChange] = deque()
        self._unseen: deque[Iterable[str] | None] = deque([None])  # appended to in any thread
        self._waker: ThreadWaker | LoopWaker | None = None  # of whoever waits at present
        self.is_over = False
        self.lock = threading.Lock()
        self._is_asked = False
        guard(self)
        self._subscription: Subscription = signals.subscribe(self._note)

    def start_anew(self) -> None:
        """Be asked by nobody in a forked process, where the thread is not that asked before."""
        self.lock = threading.Lock()
        self._is_asked, self._waker = False, None

    def end(self) -> None:
        """Be told nothing any more, and let whoever waits go; without a lock, for the collector."""
        self.is_over = True
        self._subscription.close()
        self._wake()

    def _note(self, keys: Iterable[str] | None) -> None:
        if keys is not None:
            keys = [key for key in keys if self._selection.has(key)]
            if not keys:
                return
        if len(self._unseen) > _MANY:
            self._unseen.clear()  # nobody asks for changes at present
            keys = None
        self._unseen.append(keys)
        self._wake()

    def _wake(self) -> None:
        waker = self._waker
        if waker is not None:
            waker.wake()

    @contextmanager
    def _being_asked(self) -> Iterator[None]:
        """Let nobody else ask meanwhile: each change is for one, and one alone would be woken."""
        with self.lock:
            if self._is_asked:
                raise ChannelError(
                    f"this watch of channel {self._name!r} is asked by another thread or task at "
                    "present; let each of them have a watch of its own",
                    channel=self._name,
                )
            self._is_asked = True
        try:
            yield
        finally:
            self._waker, self._is_asked = None, False

    def skip(self) -> Steps[None]:
        """Take what is there at present as known."""
        with self._being_asked():
            yield from self._look()
            self._found.clear()

    def next(self) -> Steps[KeyChange | None]:
        """Wait for a change, and return it; `None` if this is over before one comes."""
        with self._being_asked():
            waker = self._waker = yield NewWaker()
            yield from self._find(waker)
            return None if self.is_over else self._found.popleft()

    def _find(self, waker: ThreadWaker | LoopWaker) -> Steps[None]:
        pause = 0.0
        while not self._found and not self.is_over:
            if self._unseen:
                yield from self._look()
                continue
            pause = self._signals.pause(pause)
            seconds = min(pause, self._signals.expiry())
            woken = yield WaitFor(waker, None if seconds == math.inf else seconds)
            if not woken:
                self._signals.catch_up(self._note)

    def _look(self) -> Steps[None]:
        """Look at the keys that may have changed."""
        taken: list[Iterable[str] | None] = []
        try:
            while self._unseen:
                taken.append(self._unseen.popleft())
            if None not in taken:
                keys = list(dict.fromkeys(key for keys in taken for key in keys or ()))
            elif self._selection.keys is not None:
                keys = list(self._selection.keys)
            else:
                listed: list[str] = yield ListKeys()
                there = filter(self._selection.has, listed)
                keys = list(dict.fromkeys([*self._told, *there]))
            for first in range(0, len(keys), _AT_ONCE):
                yield from self._compare(keys[first : first + _AT_ONCE])
        except BaseException:
            self._unseen.extend(taken)  # the next look is at these as well
            raise

    def _compare(self, keys: Sequence[str]) -> Steps[None]:
        etags: list[str | None] = yield Digests(keys)
        for key, etag in zip(keys, etags, strict=True):
            if etag == self._told.get(key):
                continue
            if etag is None:
                del self._told[key]
                self._found.append(KeyChange(shown_key(key), "deleted", None))
            else:
                self._told[key] = etag
                self._found.append(KeyChange(shown_key(key), "set", etag))
